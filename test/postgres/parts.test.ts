import {
  divide,
  FilterOperator,
  partProblems,
  type SelectionPart,
  type TableSelection,
  unite,
} from '../../lib/postgres';

const AT = { of: 'selection', what: 'parts' };
const EVENTS = { schema: 'shop', name: 'events' };
const LINES = { schema: 'shop', name: 'lines' };

test.each<[string, TableSelection, SelectionPart[], ReturnType<typeof divide>]>([
  [
    'a table is taken out of its schema',
    { schemas: ['shop'] },
    [{ tables: [EVENTS] }],
    { rest: { schemas: ['shop'], exclude: [EVENTS] }, parts: [{ tables: [EVENTS] }] },
  ],
  [
    'a table keeps its columns and filters',
    {
      schemas: ['shop'],
      tables: [
        { ...EVENTS, columns: ['id'] },
        { ...LINES, rowFilters: [{ column: 'id', operator: FilterOperator.IS_NOT_NULL }] },
      ],
    },
    [{ tables: [EVENTS] }, { tables: [LINES] }],
    {
      rest: { schemas: ['shop'], exclude: [EVENTS, LINES] },
      parts: [
        { tables: [{ ...EVENTS, columns: ['id'] }] },
        {
          tables: [
            { ...LINES, rowFilters: [{ column: 'id', operator: FilterOperator.IS_NOT_NULL }] },
          ],
        },
      ],
    },
  ],
  [
    'a schema goes with what is said of its tables',
    {
      schemas: ['audit', 'shop'],
      tables: [{ schema: 'audit', name: 'log', columns: ['id'] }],
      exclude: [{ schema: 'audit', name: 'tmp' }, LINES],
    },
    [{ schemas: ['audit'] }],
    {
      rest: { schemas: ['shop'], exclude: [LINES] },
      parts: [
        {
          schemas: ['audit'],
          tables: [{ schema: 'audit', name: 'log', columns: ['id'] }],
          exclude: [{ schema: 'audit', name: 'tmp' }],
        },
      ],
    },
  ],
  [
    'tables that are named are dealt out',
    { tables: [EVENTS, LINES] },
    [{ tables: [EVENTS] }],
    { rest: { tables: [LINES] }, parts: [{ tables: [EVENTS] }] },
  ],
])('%s, and what was divided is united again', (_what, selection, parts, expected) => {
  expect(partProblems(selection, parts, AT)).toEqual([]);
  const divided = divide(selection, parts);
  expect(divided).toEqual(expected);
  const united = unite([divided.rest, ...divided.parts]);
  expect(new Set(united.schemas)).toEqual(new Set(selection.schemas));
  expect(new Set(united.tables)).toEqual(new Set(selection.tables));
  expect(new Set(united.exclude)).toEqual(new Set(selection.exclude));
});

test('one selection stays as it is', () => {
  const selection = { schemas: ['shop'], tables: [EVENTS] };
  expect(unite([selection])).toBe(selection);
});

test('every table must be in one part, and something in none', () => {
  const selection = { schemas: ['shop', 'audit'], exclude: [LINES] };
  const parts = [
    { tables: [EVENTS, LINES, { schema: 'other', name: 'x' }] },
    {},
    { schemas: ['shop', 'other'], tables: [EVENTS] },
  ];
  expect(partProblems(selection, parts, AT)).toEqual([
    `'parts[0].tables[1]' must be a table that 'selection' selects, got "shop"."lines"; correct it, or select it`,
    `'parts[0].tables[2]' must be a table that 'selection' selects, got "other"."x"; correct it, or select it`,
    `'parts[1]' must name at least one schema or table, got none; set 'schemas' or 'tables'`,
    `'parts[2].schemas[0]' must be in one part only, got schema "shop", of which 'parts[0].tables[0]' has tables too; remove one of the two`,
    `'parts[2].schemas[1]' must be one of 'selection.schemas', got "other"; correct it, or name its tables`,
    `'parts[2].schemas[1]' must be in one part only, got schema "other", of which 'parts[0].tables[2]' has tables too; remove one of the two`,
    `'parts[2].tables[0]' must be in one part only, got "shop"."events", of which 'parts[2].schemas[0]' has tables too; remove one of the two`,
  ]);
  expect(partProblems({ schemas: ['shop'] }, [{ schemas: ['shop'] }], AT)).toEqual([
    `'parts' must leave something of 'selection' to the rest, got parts that take everything; leave one of them out`,
  ]);
});
