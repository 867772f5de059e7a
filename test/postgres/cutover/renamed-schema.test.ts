import {
  DmsTransformationAction,
  DmsTransformationTarget,
  type ListedSequence,
  type PlacedPart,
  pairSequences,
  renamedDifferences,
  targetNames,
} from '../../../lib/postgres';

const { RENAME, REMOVE_COLUMN } = DmsTransformationAction;
const { SCHEMA, TABLE, COLUMN } = DmsTransformationTarget;
const ITEMS = { schema: 'shop', table: 'items' };
const NAMES = targetNames([
  { target: SCHEMA, action: RENAME, schema: 'shop', value: 'store' },
  { target: TABLE, action: RENAME, ...ITEMS, value: 'goods' },
  { target: COLUMN, action: RENAME, ...ITEMS, column: 'name', value: 'title' },
  { target: COLUMN, action: REMOVE_COLUMN, ...ITEMS, column: 'title' },
]);

const table = (schema: string, relation: string): PlacedPart => ({
  kind: 'table',
  name: `${schema}.${relation}`,
  definition: 'r',
  schema,
  relation,
  column: null,
  needs: null,
});
const column = (of: PlacedPart, name: string, definition: string): PlacedPart => ({
  ...of,
  kind: 'column',
  name: `${of.name}.${name}`,
  definition,
  column: name,
});
const part = (
  of: PlacedPart,
  kind: PlacedPart['kind'],
  name: string,
  definition: string,
  needed: readonly string[] = [],
): PlacedPart => ({
  ...of,
  kind,
  name,
  definition,
  needs: needed.map((column) => [of.schema ?? '', of.relation ?? '', column] as const),
});

const HERE = table('shop', 'items');
const THERE = table('store', 'goods');
const FROM = [HERE, column(HERE, 'title', 'text'), column(HERE, 'name', 'text')];
const TO = [THERE, column(THERE, 'title', 'text')];
const compared = (from: readonly PlacedPart[], to: readonly PlacedPart[]) =>
  renamedDifferences([...FROM, ...from], [...TO, ...to], NAMES);
const SAME = { differences: [], notCompared: [], leftOut: [] };
const check = (of: PlacedPart, text: string) =>
  part(of, 'constraint', `${of.name}.one`, `CHECK (${text})`);

test('a column may get the name of one that is left out', () => {
  expect(compared([], [])).toEqual(SAME);
});

test('a column that is left out may be there, and others may not', () => {
  expect(
    renamedDifferences(
      [HERE, column(HERE, 'title', 'text')],
      [THERE, column(THERE, 'title', 'int'), column(THERE, 'more', 'int')],
      NAMES,
    ),
  ).toEqual({
    differences: ['column store.goods.more is there only'],
    notCompared: [],
    leftOut: [],
  });
});

test.each([
  [`(name <> 'name'::text)`, `(title <> 'name'::text)`, SAME],
  [`"name" IS NULL`, 'title IS NULL', SAME],
  [`shop.ok(name)`, `store.ok(title)`, SAME],
  [
    `(name <> 'name'::text)`,
    `(title <> 'title'::text)`,
    {
      differences: [
        `constraint store.goods.one is "CHECK ((title <> 'title'::text))" instead of "CHECK ((name <> 'name'::text))"`,
      ],
      notCompared: [],
      leftOut: [],
    },
  ],
  [
    `shop.ok(name)`,
    `shop.ok(title)`,
    { differences: [], notCompared: ['constraint shop.items.one'], leftOut: [] },
  ],
])('the constraint %s is compared with %s', (here, there, expected) => {
  expect(compared([check(HERE, here)], [check(THERE, there)])).toEqual(expected);
});

const index = (of: PlacedPart, name: string, text: string, needed: readonly string[] = []) =>
  part(
    of,
    'index',
    `${of.schema}.${name}`,
    `CREATE INDEX ${name} ON ${of.name} USING ${text}`,
    needed,
  );

test('what needs a column that is left out is named, and what else is missing is a difference', () => {
  expect(
    compared(
      [
        index(HERE, 'a', 'btree (title)', ['title']),
        index(HERE, 'b', 'hash (name)', ['name']),
        index(HERE, 'c', 'gin (name)', ['name']),
        index(HERE, 'd', 'btree (title(name))', ['name']),
      ],
      [index(THERE, 'other', 'hash (title)')],
    ),
  ).toEqual({
    differences: ['index shop.c is missing', 'index shop.d is missing'],
    notCompared: [],
    leftOut: ['index shop.a'],
  });
});

test('what has the name of something that went with a column cannot be compared with it', () => {
  expect(
    compared(
      [index(HERE, 'a', 'btree (title, name)', ['title', 'name'])],
      [index(THERE, 'a', 'btree (title)')],
    ),
  ).toEqual({ differences: [], notCompared: ['index shop.a'], leftOut: [] });
});

test('sequences go on where their column is, others in the renamed schema, and those of no column nowhere', () => {
  const sequence = (
    schema: string,
    name: string,
    owner: [string, string] | [],
  ): ListedSequence => ({
    schema,
    name,
    readable: true,
    settable: true,
    ownerSchema: owner[0] === undefined ? null : schema,
    ownerTable: owner[0] ?? null,
    ownerColumn: owner[1] ?? null,
  });
  const pairs = pairSequences(
    [
      sequence('shop', 'items_name_seq', ['items', 'name']),
      sequence('shop', 'items_title_seq', ['items', 'title']),
      sequence('shop', 'orders_id_seq', ['orders', 'id']),
      sequence('shop', 'free', []),
      sequence('other', 'free', []),
    ],
    [sequence('store', 'anything', ['goods', 'title'])],
    NAMES,
  );
  expect(pairs.map(({ to }) => to && `${to.schema}.${to.name}`)).toEqual([
    'store.anything',
    undefined,
    'store.orders_id_seq',
    'store.free',
    'other.free',
  ]);
});
