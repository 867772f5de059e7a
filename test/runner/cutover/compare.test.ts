import type { TableComparison } from '../../../lib/postgres';
import type { VerifyOptions } from '../../../lib/runner';
import { withSessionsFor } from '../../../lib/runner/cutover/compare';

const OPTIONS = { concurrency: 4 } as VerifyOptions;

/** So many tables of so many pages. */
function tables(count: number, pages: number): TableComparison[] {
  const one = { kind: 'digest', pages } as TableComparison;
  return Array.from({ length: count }, () => one);
}

test.each([
  ['nothing', 1, []],
  ['a few small tables', 1, tables(9, 1)],
  ['many small tables, each of which is asked for over a link', 4, tables(11, 1)],
  ['many tables of which nothing is read', 1, tables(11, 1).map(decided)],
  ['one table that is read sooner than a session is open', 1, tables(1, 1_000)],
  ['one table that takes longer', 4, tables(1, 1_250)],
])('%s: %i at once', (_what, concurrency, comparisons) => {
  expect(withSessionsFor(comparisons, OPTIONS)).toEqual({ concurrency });
});

function decided({ table }: TableComparison): TableComparison {
  return { table, kind: 'decided', status: 'unchecked', reason: 'no key' };
}
