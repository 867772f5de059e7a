import {
  FilterOperator,
  Problems,
  Reader,
  type RowFilter,
  readSelection,
  rowFilterSql,
  selectedSchemas,
  selectedTable,
  selectionProblems,
  selectionSql,
  selectionUses,
  selects,
  type TableSelection,
} from '../../lib/postgres';

const ORDERS = { schema: 'shop', name: 'orders' };

test.each<[string, TableSelection]>([
  ['a schema', { schemas: ['shop'] }],
  ['a table', { tables: [ORDERS] }],
  [
    'a schema with exceptions',
    {
      schemas: ['shop'],
      tables: [{ ...ORDERS, columns: ['id'] }],
      exclude: [{ ...ORDERS, name: 'x' }],
    },
  ],
])('accepts %s', (_what, selection) => {
  expect(selectionProblems(selection, 'selection')).toEqual([]);
});

const SYSTEM = "cannot be a system schema or pontoon's own";

test.each<[string, TableSelection, string[]]>([
  [
    'nothing',
    {},
    ["'selection' must name at least one schema or table, got none; set 'schemas' or 'tables'"],
  ],
  [
    'schemas that are not the user’s',
    { schemas: ['pontoon', 'information_schema', 'pg_catalog', 'pg_toast'] },
    ['pontoon', 'information_schema', 'pg_catalog', 'pg_toast'].map(
      (schema, index) => `'selection.schemas[${index}]' ${SYSTEM}, got "${schema}"; remove it`,
    ),
  ],
  [
    'tables of such schemas',
    { tables: [{ schema: 'pontoon', name: 'objects' }] },
    [`'selection.tables[0].schema' ${SYSTEM}, got "pontoon"; remove it`],
  ],
  [
    'names that are none',
    { schemas: [''], tables: [{ schema: 'a\0', name: 'x'.repeat(64), columns: ['\ud800'] }] },
    [
      "'selection.schemas[0]' must not be empty, got ''; give a name",
      '\'selection.tables[0].schema\' cannot contain a NUL character, got "a\\u0000"; remove it',
      `'selection.tables[0].name' must be at most 63 bytes in UTF-8, got 64 ("${'x'.repeat(64)}"); shorten it`,
      '\'selection.tables[0].columns[0]\' must be valid Unicode, got half of a surrogate pair ("\\ud800"); correct it',
    ],
  ],
  [
    'a table twice',
    { tables: [ORDERS, { ...ORDERS, columns: ['id'] }] },
    [`'selection.tables' must name each table once, got "shop"."orders" twice; merge the two`],
  ],
  [
    'no columns, and one twice',
    {
      tables: [
        { ...ORDERS, columns: [] },
        { schema: 'shop', name: 'b', columns: ['id', 'id'] },
      ],
    },
    [
      "'selection.tables[0].columns' must name at least one column, got none; leave it out to replicate all columns",
      '\'selection.tables[1].columns\' must name each column once, got ["id","id"]; remove the repetition',
    ],
  ],
  [
    'exceptions from what was not selected, or selected by name',
    { schemas: ['web'], tables: [ORDERS], exclude: [ORDERS] },
    [
      `'selection.exclude[0]' must exclude from one of 'schemas', got "shop"."orders"; remove it or add its schema`,
      `'selection.exclude[0]' cannot exclude a table that 'tables' selects, got "shop"."orders"; remove one of the two`,
    ],
  ],
  [
    'an exception without a name',
    { schemas: ['shop'], exclude: [{ schema: 'shop', name: '' }] },
    ["'selection.exclude[0].name' must not be empty, got ''; give a name"],
  ],
  [
    'an exception without a schema',
    { schemas: ['shop'], exclude: [{ schema: '', name: 'a' }] },
    [
      "'selection.exclude[0].schema' must not be empty, got ''; give a name",
      `'selection.exclude[0]' must exclude from one of 'schemas', got {"schema":"","name":"a"}; remove it or add its schema`,
    ],
  ],
])('refuses %s', (_what, selection, problems) => {
  expect(selectionProblems(selection, 'selection')).toEqual(problems);
});

test.each<[FilterOperator, string[] | undefined, string]>([
  [FilterOperator.EQUAL, [], "at least 1 value for 'eq', got 0"],
  [FilterOperator.NOT_EQUAL, undefined, "at least 1 value for 'noteq', got 0"],
  [FilterOperator.AT_LEAST, ['1', '2'], "exactly 1 value for 'gte', got 2"],
  [FilterOperator.AT_MOST, [], "exactly 1 value for 'ste', got 0"],
  [FilterOperator.BETWEEN, ['1'], "exactly 2 values for 'between', got 1"],
  [FilterOperator.NOT_BETWEEN, ['1', '2', '3'], "exactly 2 values for 'notbetween', got 3"],
  [FilterOperator.IS_NULL, ['1'], "exactly 0 values for 'null', got 1"],
  [FilterOperator.IS_NOT_NULL, ['1'], "exactly 0 values for 'notnull', got 1"],
])('counts the values of %s', (operator, values, rule) => {
  const rowFilters = [{ column: 'id', operator, values }];
  expect(selectionProblems({ tables: [{ ...ORDERS, rowFilters }] }, 'selection')).toEqual([
    `'selection.tables[0].rowFilters[0].values' must have ${rule}; correct the list`,
  ]);
});

test('refuses a filter without a column, and one with values that no text holds', () => {
  const rowFilters = [
    { column: '', operator: FilterOperator.IS_NULL },
    { column: 'id', operator: FilterOperator.EQUAL, values: ['1', 'a\0', '\udc00'] },
  ];
  expect(selectionProblems({ tables: [{ ...ORDERS, rowFilters }] }, 'selection')).toEqual([
    "'selection.tables[0].rowFilters[0].column' must not be empty, got ''; give a name",
    '\'selection.tables[0].rowFilters[1].values[1]\' cannot contain a NUL character, got "a\\u0000"; remove it',
    '\'selection.tables[0].rowFilters[1].values[2]\' must be valid Unicode, got half of a surrogate pair ("\\udc00"); correct it',
  ]);
});

test('says which tables belong to it', () => {
  const selection: TableSelection = {
    schemas: ['shop', 'Web'],
    tables: [{ schema: 'logs', name: 'Visits', columns: ['id'] }],
    exclude: [{ schema: 'shop', name: 'draft' }],
  };
  const belongs = (schema: string, name: string) => selects(selection, { schema, name });
  expect(belongs('shop', 'orders')).toBe(true);
  expect(belongs('shop', 'draft')).toBe(false);
  expect(belongs('shop', 'Draft')).toBe(true);
  expect(belongs('Web', 'draft')).toBe(true);
  expect(belongs('web', 'orders')).toBe(false);
  expect(belongs('logs', 'Visits')).toBe(true);
  expect(belongs('logs', 'visits')).toBe(false);
  expect(selectedTable(selection, { schema: 'logs', name: 'Visits' })?.columns).toEqual(['id']);
  expect(selectedTable(selection, ORDERS)).toBeUndefined();
  expect(selectedSchemas(selection)).toEqual(['Web', 'logs', 'shop']);
});

test('pontoon’s own tables never belong to it', () => {
  expect(selects({ schemas: ['pontoon'] }, { schema: 'pontoon', name: 'objects' })).toBe(false);
  const tables = [{ schema: 'pontoon', name: 'objects' }];
  expect(selects({ tables }, { schema: 'pontoon', name: 'objects' })).toBe(false);
});

test('nothing belongs to an empty one', () => {
  expect(selects({}, ORDERS)).toBe(false);
  expect(selectedSchemas({})).toEqual([]);
  expect(selectionUses({})).toEqual({ rowFilters: false, columns: false });
});

test('says what it uses', () => {
  const rowFilters = [{ column: 'id', operator: FilterOperator.IS_NULL }];
  const used = (table: object) => selectionUses({ tables: [{ ...ORDERS, ...table }] });
  expect(used({ rowFilters: [] })).toEqual({ rowFilters: false, columns: false });
  expect(used({ rowFilters })).toEqual({ rowFilters: true, columns: false });
  expect(used({ columns: ['id'] })).toEqual({ rowFilters: false, columns: true });
});

test.each<[FilterOperator, string[] | undefined, string]>([
  [FilterOperator.EQUAL, ['1'], `("a" = '1')`],
  [FilterOperator.EQUAL, ['1', 'x'], `("a" = '1' OR "a" = 'x')`],
  [FilterOperator.NOT_EQUAL, ['1'], `("a" <> '1')`],
  [FilterOperator.NOT_EQUAL, ['1', '2'], `("a" <> '1' AND "a" <> '2')`],
  [FilterOperator.AT_LEAST, ['1'], `("a" >= '1')`],
  [FilterOperator.AT_MOST, ['1'], `("a" <= '1')`],
  [FilterOperator.BETWEEN, ['1', '2'], `("a" >= '1' AND "a" <= '2')`],
  [FilterOperator.NOT_BETWEEN, ['1', '2'], `("a" < '1' OR "a" > '2')`],
  [FilterOperator.IS_NULL, undefined, `("a" IS NULL)`],
  [FilterOperator.IS_NOT_NULL, undefined, `("a" IS NOT NULL)`],
])('writes %s %j as SQL', (operator, values, text) => {
  expect(rowFilterSql([{ column: 'a', operator, values }])).toBe(text);
});

test('joins conditions, and quotes whatever is in them', () => {
  const filters: RowFilter[] = [
    { column: 'a"b', operator: FilterOperator.EQUAL, values: ["it's", 'c\\d'] },
    { column: 'e', operator: FilterOperator.IS_NULL },
  ];
  expect(rowFilterSql(filters)).toBe(`("a""b" = 'it''s' OR "a""b" =  E'c\\\\d') AND ("e" IS NULL)`);
});

test.each<[TableSelection, string]>([
  [{}, `((false) AND s <> 'pontoon')`],
  [{ schemas: ["o'x", 'b'] }, `((s IN ('o''x', 'b')) AND s <> 'pontoon')`],
  [{ tables: [ORDERS] }, `(((s = 'shop' AND t = 'orders')) AND s <> 'pontoon')`],
  [
    {
      schemas: ['a'],
      tables: [ORDERS],
      exclude: [
        { schema: 'a', name: 'x' },
        { schema: 'a', name: 'y' },
      ],
    },
    `((s IN ('a') OR (s = 'shop' AND t = 'orders')) AND NOT ((s = 'a' AND t = 'x') OR (s = 'a' AND t = 'y')) AND s <> 'pontoon')`,
  ],
])('asks a catalog for %j', (selection, text) => {
  expect(selectionSql(selection, 's', 't')).toBe(text);
});

function read(input: unknown) {
  const problems = new Problems();
  const selection = readSelection(new Reader(input, 'selection', problems));
  return { selection, problems: problems.list() };
}

test('reads plain data', () => {
  const input = {
    schemas: ['web'],
    tables: [
      {
        ...ORDERS,
        columns: ['id'],
        rowFilters: [{ column: 'id', operator: 'gte', values: ['1'] }],
      },
      { schema: 'shop', name: 'items' },
    ],
    exclude: [{ schema: 'web', name: 'x' }],
  };
  expect(read(input)).toEqual({
    selection: {
      schemas: ['web'],
      tables: [
        {
          ...ORDERS,
          columns: ['id'],
          rowFilters: [{ column: 'id', operator: FilterOperator.AT_LEAST, values: ['1'] }],
        },
        { schema: 'shop', name: 'items', rowFilters: [] },
      ],
      exclude: [{ schema: 'web', name: 'x' }],
    },
    problems: [],
  });
});

test('names everything that it cannot read', () => {
  const tables = [
    { name: 1, where: 'id > 1', rowFilters: [{ column: 'a', operator: '>', values: '1' }] },
    'orders',
  ];
  expect(read({ schemas: 'shop', tables }).problems).toEqual([
    '\'selection.schemas\' must be a list of texts, got "shop"; write it as [ … ]',
    "'selection.tables[0].schema' must be given, got nothing; add it",
    "'selection.tables[0].rowFilters[0].operator' must be one of 'eq', 'noteq', 'gte', 'ste', 'between', 'notbetween', 'null', 'notnull', got \">\"; pick one",
    '\'selection.tables[0].rowFilters[0].values\' must be a list of texts, got "1"; write it as [ … ]',
    "'selection.tables[0].where' is not known here; remove it or correct its name",
    '\'selection.tables[1]\' must be an object, got "orders"; give its properties by name',
  ]);
});
