import {
  type ChangedTable,
  PontoonError,
  type QualifiedName,
  quoteQualified,
  selectedTable,
  type TableComparison,
  type TableSelection,
} from '../../postgres';
import type { VerifyOptions } from '../verify/options';
import { planAll } from '../verify/plan';
import { Obstacle, type Readers, withReaders } from '../verify/reader';
import type { TableVerification } from '../verify/result';
import { compareAll } from '../verify/verify';
import { comparisonOf } from './comparison';
import type { CutoverContext } from './context';
import { fitsBehindFence } from './fits-behind-fence';
import { changedSince } from './verified';

/** Pages of a table that a fast server reads in a millisecond at the most. */
const PAGES_A_MS = 25;

/** Milliseconds that a table takes however small it is, as to ask for it over a slow link. */
const TABLE_MS = 5;

/** Milliseconds until a session is open. */
const SESSION_MS = 50;

/** Of what is left of the budget, for what must be compared. */
const SHARE_OF_MUST = 0.5;

type Results = readonly TableVerification[];

/** Compares rows behind the fence, for as long as the plan allows. */
export async function compareFinally(context: CutoverContext): Promise<void> {
  const { from, to, limits } = context.plan;
  if (limits.verificationMs === 0 || context.services.connections === undefined) {
    refuseUncompared((await changedSince(context)).changed);
    return await context.note('nothing is compared behind the fence');
  }
  // A server that says nothing to a session that compares is waited for no longer than one that says nothing to the walk.
  const { changed, tables, of } = await context.inTime('compare rows behind the fence', () =>
    compareWithin(context),
  );
  const differing = tables.filter(({ status }) => status === 'differs');
  if (differing.length > 0) {
    const said = differing.map(({ table, reason = '' }) => `${quoteQualified(table)} (${reason})`);
    throw new PontoonError(
      'ROWS_DIFFER',
      `every compared table must be the same on '${from}' and '${to}', got ${said.join('; ')}; find out who wrote to '${to}'`,
    );
  }
  const same = tables.filter(({ status }) => status === 'same');
  const compared = new Set(same.map(({ table }) => quoteQualified(table)));
  refuseUncompared(changed.filter(({ table }) => !compared.has(quoteQualified(table))));
  context.compared = { tables: same.length, of };
  await context.note(`${same.length} of ${of} tables compared`);
}

/**
 * What has changed since it was compared is looked for while sessions open. It is compared before all others, by a clock of
 * its own: without it the walk is undone, however little a busy server lacks. The others are compared as time allows.
 */
async function compareWithin(context: CutoverContext): Promise<Compared> {
  const { selection } = context.plan;
  const started = performance.now();
  const leftMs = context.remainingMs();
  // Nobody writes, and the new writer has everything: one look decides.
  const options = { ...comparisonOf(context), settleMs: 0 };
  const changes = changedSince(context);
  const comparing = withReadersOf(context, async (readers): Promise<Compared> => {
    const { changed, of } = await changes;
    const first = changed.map(({ table }) => table);
    const names = new Set(first.map(quoteQualified));
    const planned = context.ahead?.comparisons;
    const { mustMs, mayMs } = await clocksFor(context, { changed, of, leftMs });
    const compare = async (must: boolean, budgetMs: number): Promise<Results> => {
      const msLeft = () => started + budgetMs - performance.now();
      if (msLeft() < 1) return [];
      // To plan all tables may take longer than there is time for.
      const part = must ? only(selection, first) : without(selection, first);
      const some = { ...options, selection: part, budgetMs };
      const comparisons =
        planned?.filter(({ table }) => names.has(quoteQualified(table)) === must) ??
        (await planAll(some, readers, msLeft()).catch(nothingInTime));
      const promising = comparisons.filter((one) => mayEnd(one, msLeft()));
      return (await compareAll(withSessionsFor(promising, some), promising, readers, started))
        .tables;
    };
    const must = first.length === 0 ? [] : await compare(true, mustMs);
    const rest = await compare(false, mayMs);
    const tables = [...must, ...rest];
    return { changed, tables, of: Math.max(of, tables.length) };
  });
  await Promise.allSettled([changes, comparing]);
  return await comparing;
}

async function withReadersOf<Result>(
  context: CutoverContext,
  use: (readers: Readers) => Promise<Result>,
): Promise<Result> {
  const { readers } = context;
  if (readers === undefined) return await withReaders(comparisonOf(context), use);
  return await use(readers).finally(() => context.leaveReaders());
}

/**
 * Milliseconds from the beginning of the comparison for what must be compared, and for what may be. What is so small that a
 * gate let it by is worth as much of the budget as leaves the steps that follow their time; what has grown since is
 * worth no outage.
 */
async function clocksFor(
  context: CutoverContext,
  { changed, of, leftMs }: Pick<Compared, 'changed' | 'of'> & { readonly leftMs: number },
): Promise<{ readonly mustMs: number; readonly mayMs: number }> {
  const fits = changed.length > 0 && (await fitsBehindFence(context, changed, of));
  const mayMs = Math.min(context.plan.limits.verificationMs, leftMs);
  return { mustMs: fits ? Math.max(mayMs, leftMs * SHARE_OF_MUST) : mayMs, mayMs };
}

/** A table is read as a whole or for nothing: one that cannot end in time would only keep applications waiting. */
function mayEnd(comparison: TableComparison, msLeft: number): boolean {
  return comparison.kind === 'decided' || comparison.pages <= msLeft * PAGES_A_MS;
}

/** Further sessions take longer to open than a little takes to read. */
export function withSessionsFor(
  comparisons: readonly TableComparison[],
  options: VerifyOptions,
): VerifyOptions {
  const each = comparisons.map((one) =>
    one.kind === 'digest' ? one.pages / PAGES_A_MS + TABLE_MS : 0,
  );
  const all = each.reduce((sum, ms) => sum + ms, 0);
  return all > SESSION_MS ? options : { ...options, concurrency: 1 };
}

/** So many tables that the time was over before the first of them. */
function nothingInTime(error: unknown): readonly TableComparison[] {
  if (error instanceof Obstacle) return [];
  throw error;
}

/** `tables` of `selection`, with what it says of them in particular. */
function only(selection: TableSelection, tables: readonly QualifiedName[]): TableSelection {
  return { tables: tables.map((table) => selectedTable(selection, table) ?? table) };
}

function without(selection: TableSelection, left: readonly QualifiedName[]): TableSelection {
  const { tables = [], exclude = [] } = selection;
  const names = left.map(quoteQualified);
  return {
    ...selection,
    tables: tables.filter((table) => !names.includes(quoteQualified(table))),
    exclude: [...exclude, ...left],
  };
}

interface Compared {
  readonly changed: readonly ChangedTable[];
  readonly tables: readonly TableVerification[];
  /** How many tables could be compared. */
  readonly of: number;
}

/** The gates let nothing by that had changed, but applications went on until the fence. */
function refuseUncompared(changed: readonly ChangedTable[]): void {
  if (changed.length === 0) return;
  const said = changed.map(({ table, change }) => `${quoteQualified(table)} ${change}`);
  throw new PontoonError(
    'ROWS_UNVERIFIED',
    `every selected table must be as it was when it was compared, got ${said.join('; ')}; compare the rows again, or give the final comparison more time in 'verificationMs'`,
  );
}
