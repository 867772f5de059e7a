import {
  compareTables,
  digestSql,
  judgeDigests,
  type ReportedTable,
  type TableSelection,
} from '../../../lib/postgres';

const SIDES = { source: 'a', target: 'c' };
const ID = { name: 'id', type: 'bigint', send: 'pg_catalog.int8send' };

function table(name: string, changes: Partial<ReportedTable> = {}): ReportedTable {
  return {
    schema: 'app',
    name,
    kind: 'r',
    encoding: 'UTF8',
    isPart: false,
    pages: '7',
    rows: '100',
    columns: [ID],
    key: [],
    ...changes,
  };
}

function compare(
  source: readonly ReportedTable[],
  target: readonly ReportedTable[],
  selection: TableSelection = { schemas: ['app'] },
) {
  return compareTables(selection, { source, target }, SIDES);
}

test('the same columns in the same order are read on both servers', () => {
  const name = { name: 'name', type: 'text', send: 'pg_catalog.textsend' };
  const [comparison, ...others] = compare(
    [table('t', { columns: [name, ID] })],
    [table('t', { columns: [ID, name], kind: 'p' })],
  );

  expect(others).toEqual([]);
  expect(comparison).toMatchObject({
    kind: 'digest',
    table: { schema: 'app', name: 't' },
    pages: 7,
  });
  if (comparison?.kind !== 'digest') throw new Error('not compared');
  const inOrder = 'ROW(pg_catalog.int8send("id"), "name" COLLATE pg_catalog."C")';
  expect(digestSql(comparison.source).text).toContain(inOrder);
  expect(digestSql(comparison.target).text).toContain(inOrder);
  expect(digestSql(comparison.source).text).toContain('FROM ONLY "app"."t"');
  expect(digestSql(comparison.target).text).toContain('FROM "app"."t"');
});

test.each([
  ['types differ', { name: 'v', type: 'integer[]', send: 'pg_catalog.array_send' }],
  ['one has no bytes to compare', { name: 'v', type: 'bigint[]', send: null }],
])('texts are compared where %s', (_why, there) => {
  const here = { name: 'v', type: 'bigint[]', send: 'pg_catalog.array_send' };
  const [comparison] = compare(
    [table('t', { columns: [here] })],
    [table('t', { columns: [there] })],
  );

  if (comparison?.kind !== 'digest') throw new Error('not compared');
  expect(digestSql(comparison.source).text).toContain('ROW(pg_catalog.textsend(ROW("v")::text))');
  expect(digestSql(comparison.target).text).toContain('ROW(pg_catalog.textsend(ROW("v")::text))');
});

test('a partition that is named beside the table it is a part of is not compared twice', () => {
  const tables = [table('events', { kind: 'p' }), table('events_1', { isPart: true })];
  const selection = { schemas: ['app'], tables: [{ schema: 'app', name: 'events_1' }] };

  expect(compare(tables, tables, selection).map((one) => one.table.name)).toEqual(['events']);
});

test('views are no data, unless they are named', () => {
  const view = table('v', { kind: 'm' });

  expect(compare([view], [view])).toEqual([]);
  expect(compare([view], [view], { tables: [{ schema: 'app', name: 'v' }] })).toEqual([
    {
      table: { schema: 'app', name: 'v' },
      kind: 'decided',
      status: 'unchecked',
      reason: 'on "a" it is a materialized view, not a table',
    },
  ]);
});

test.each([
  [['1', '5'], ['1', '5'], { status: 'same' }],
  [['0', null], ['0', null], { status: 'same' }],
  [
    ['1', '5'],
    ['1', '6'],
    { status: 'differs', reason: 'the 1 rows do not have the same contents' },
  ],
  [['1', '5'], ['2', '5'], { status: 'differs', reason: '"a" has 1 rows, "c" has 2' }],
] as const)('%j and %j', ([rows, checksum], [otherRows, otherChecksum], verdict) => {
  const judged = judgeDigests(
    { rows, checksum },
    { rows: otherRows, checksum: otherChecksum },
    SIDES,
  );
  expect(judged).toEqual(verdict);
});

test('a key whose columns come in another order on the target does not serve for ranges', () => {
  const a = { name: 'a', order: 'uuid' };
  const b = { name: 'b', order: 'uuid' };
  const [comparison] = compare([table('t', { key: [a, b] })], [table('t', { key: [b, a] })]);
  const key = [{ name: 'a' }, { name: 'b' }];
  expect(comparison).toMatchObject({
    source: { key, ordered: false },
    target: { key, ordered: false },
  });
});

describe('the key by which rows are found', () => {
  const byId = (order: string | null) => [{ name: 'id', order }];
  test.each([
    ['the same on both', byId('uuid'), byId('uuid'), [{ name: 'id' }], true],
    [
      'integers, compared in the widest type',
      byId('integer'),
      byId('integer'),
      [{ name: 'id', type: 'pg_catalog.int8' }],
      true,
    ],
    [
      'sorted in another way',
      byId('text UTF8 C'),
      byId('text UTF8 c de_DE 2.36'),
      [{ name: 'id' }],
      false,
    ],
    ['sorted in nobody knows what way', byId(null), byId(null), [{ name: 'id' }], false],
    ['missing on the target', byId('uuid'), [], [], false],
    ['missing on the source', [], byId('uuid'), [], false],
  ])('%s', (_what, source, target, key, ordered) => {
    const [comparison] = compare([table('t', { key: source })], [table('t', { key: target })]);
    expect(comparison).toMatchObject({ source: { key, ordered }, target: { key, ordered } });
  });
});
