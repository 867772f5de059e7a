import fc from 'fast-check';
import {
  compileTableMappings,
  DmsLobMode,
  type DmsMappingOptions,
  type DmsRule,
  DmsTransformationAction,
  DmsTransformationTarget,
  FilterOperator,
  mappingsFit,
  type TableSelection,
  tableMappingProblems,
} from '../../../lib/postgres';

const { COLUMN, SCHEMA, TABLE } = DmsTransformationTarget;

const OWN_SCHEMA_RULE = {
  'rule-type': 'selection',
  'object-locator': { 'schema-name': 'pontoon', 'table-name': '%' },
  'rule-action': 'exclude',
};

function numbered(...rules: DmsRule[]): DmsRule[] {
  return rules.map((rule, index) => ({
    'rule-id': String(index + 1),
    'rule-name': `pontoon-${index + 1}`,
    ...rule,
  }));
}

function selection(action: string, schema: string, table: string): DmsRule {
  return {
    'rule-type': 'selection',
    'object-locator': { 'schema-name': schema, 'table-name': table },
    'rule-action': action,
  };
}

describe('selection', () => {
  test('schemas are patterns, single tables are exact, exclusions come last', () => {
    const mappings = compileTableMappings({
      schemas: ['public', 'my_app'],
      tables: [{ schema: 'audit', name: 'log_2026' }],
      exclude: [{ schema: 'my_app', name: 'tmp_rows' }],
    });
    expect(mappings).toEqual({
      rules: numbered(
        selection('include', 'public', '%'),
        selection('include', 'my[_]app', '%'),
        selection('explicit', 'audit', 'log_2026'),
        selection('exclude', 'my[_]app', 'tmp[_]rows'),
        OWN_SCHEMA_RULE,
      ),
    });
  });

  test('a table of a selected schema needs no rule of its own', () => {
    const { rules } = compileTableMappings({
      schemas: ['public'],
      tables: [{ schema: 'public', name: 'orders' }],
    });
    expect(rules).toEqual(numbered(selection('include', 'public', '%'), OWN_SCHEMA_RULE));
  });

  test('columns become include-column rules', () => {
    const { rules } = compileTableMappings({
      schemas: ['public'],
      tables: [{ schema: 'public', name: 'orders', columns: ['id', 'placed_at'] }],
    });
    const column = (name: string): DmsRule => ({
      'rule-type': 'transformation',
      'rule-target': 'column',
      'object-locator': { 'schema-name': 'public', 'table-name': 'orders', 'column-name': name },
      'rule-action': 'include-column',
    });
    expect(rules).toEqual(
      numbered(
        selection('include', 'public', '%'),
        OWN_SCHEMA_RULE,
        column('id'),
        column('placed_at'),
      ),
    );
  });

  test('filters are joined by AND, the values of one by OR', () => {
    const { rules } = compileTableMappings({
      tables: [
        {
          schema: 'public',
          name: 'orders',
          rowFilters: [
            { column: 'region', operator: FilterOperator.EQUAL, values: ['eu', 'us'] },
            { column: 'state', operator: FilterOperator.NOT_EQUAL, values: ['void', 'test'] },
            { column: 'id', operator: FilterOperator.BETWEEN, values: ['1', '9'] },
            { column: 'at', operator: FilterOperator.AT_LEAST, values: ['2026-01-01'] },
            { column: 'deleted', operator: FilterOperator.IS_NULL },
          ],
        },
      ],
    });
    const filter = (column: string, ...conditions: object[]): object => ({
      'filter-type': 'source',
      'column-name': column,
      'filter-conditions': conditions,
    });
    expect(rules[0]).toEqual({
      'rule-id': '1',
      'rule-name': 'pontoon-1',
      ...selection('include', 'public', 'orders'),
      filters: [
        filter(
          'region',
          { 'filter-operator': 'eq', value: 'eu' },
          { 'filter-operator': 'eq', value: 'us' },
        ),
        filter('state', { 'filter-operator': 'noteq', value: 'void' }),
        filter('state', { 'filter-operator': 'noteq', value: 'test' }),
        filter('id', { 'filter-operator': 'between', 'start-value': '1', 'end-value': '9' }),
        filter('at', { 'filter-operator': 'gte', value: '2026-01-01' }),
        filter('deleted', { 'filter-operator': 'null' }),
      ],
    });
  });
});

describe('transformations and table settings', () => {
  test('each becomes one rule', () => {
    const { rules } = compileTableMappings(
      { schemas: ['public'] },
      {
        transformations: [
          {
            target: SCHEMA,
            action: DmsTransformationAction.RENAME,
            schema: 'public',
            value: 'app',
          },
          { target: TABLE, action: DmsTransformationAction.CONVERT_LOWERCASE, schema: 'public' },
          {
            target: COLUMN,
            action: DmsTransformationAction.REPLACE_PREFIX,
            schema: 'public',
            table: 'Orders',
            value: 'new_',
            oldValue: 'old_',
          },
          {
            target: COLUMN,
            action: DmsTransformationAction.REMOVE_COLUMN,
            schema: 'public',
            table: 'customers',
            column: 'ssn',
          },
        ],
        tableSettings: [
          {
            schema: 'public',
            name: 'big_table',
            parallelLoad: { columns: ['id'], boundaries: [['1000'], ['2000']] },
            lobMode: DmsLobMode.LIMITED,
            maxLobSizeKiB: 512,
          },
          { schema: 'public', name: 'docs', lobMode: DmsLobMode.UNLIMITED },
        ],
      },
    );
    expect(rules.slice(2)).toEqual([
      {
        'rule-id': '3',
        'rule-name': 'pontoon-3',
        'rule-type': 'transformation',
        'rule-target': 'schema',
        'object-locator': { 'schema-name': 'public' },
        'rule-action': 'rename',
        value: 'app',
      },
      {
        'rule-id': '4',
        'rule-name': 'pontoon-4',
        'rule-type': 'transformation',
        'rule-target': 'table',
        'object-locator': { 'schema-name': 'public', 'table-name': '%' },
        'rule-action': 'convert-lowercase',
      },
      {
        'rule-id': '5',
        'rule-name': 'pontoon-5',
        'rule-type': 'transformation',
        'rule-target': 'column',
        'object-locator': { 'schema-name': 'public', 'table-name': 'Orders', 'column-name': '%' },
        'rule-action': 'replace-prefix',
        value: 'new_',
        'old-value': 'old_',
      },
      {
        'rule-id': '6',
        'rule-name': 'pontoon-6',
        'rule-type': 'transformation',
        'rule-target': 'column',
        'object-locator': {
          'schema-name': 'public',
          'table-name': 'customers',
          'column-name': 'ssn',
        },
        'rule-action': 'remove-column',
      },
      {
        'rule-id': '7',
        'rule-name': 'pontoon-7',
        'rule-type': 'table-settings',
        'object-locator': { 'schema-name': 'public', 'table-name': 'big_table' },
        'parallel-load': { type: 'ranges', columns: ['id'], boundaries: [['1000'], ['2000']] },
        'lob-settings': { mode: 'limited', 'bulk-max-size': '512' },
      },
      {
        'rule-id': '8',
        'rule-name': 'pontoon-8',
        'rule-type': 'table-settings',
        'object-locator': { 'schema-name': 'public', 'table-name': 'docs' },
        'lob-settings': { mode: 'unlimited', 'bulk-max-size': '0' },
      },
    ]);
  });
});

describe('refusals', () => {
  const orders = { schema: 'public', name: 'orders' };
  const cases: [string, TableSelection, DmsMappingOptions, string[]][] = [
    [
      'nothing selected',
      {},
      {},
      ["'selection' must name at least one schema or table, got none; set 'schemas' or 'tables'"],
    ],
    [
      'wildcards in names',
      {
        schemas: ['a%'],
        tables: [{ schema: 'b', name: 'c[d' }],
        exclude: [{ schema: 'a%', name: 'e]' }],
      },
      {},
      [
        `'selection.schemas[0]' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got "a%"; rename it or use a NATIVE link`,
        `'selection.exclude[0].schema' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got "a%"; rename it or use a NATIVE link`,
        `'selection.exclude[0].name' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got "e]"; rename it or use a NATIVE link`,
        `'selection.tables[0].name' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got "c[d"; rename it or use a NATIVE link`,
      ],
    ],
    [
      'columns that DMS cannot name',
      {
        tables: [
          {
            ...orders,
            columns: ['id', 'a-b'],
            rowFilters: [{ column: 'שם', operator: FilterOperator.IS_NULL }],
          },
        ],
      },
      {},
      [
        `'selection.tables[0].columns[1]' must consist of left-to-right letters, digits and underscores for DMS to filter or transform it, got "a-b"; rename the column or leave it out of the mapping`,
        `'selection.tables[0].rowFilters[0].column' must consist of left-to-right letters, digits and underscores for DMS to filter or transform it, got "שם"; rename the column or leave it out of the mapping`,
      ],
    ],
    [
      'a filter that the whole schema would undo',
      {
        schemas: ['public'],
        tables: [{ ...orders, rowFilters: [{ column: 'a', operator: FilterOperator.IS_NULL }] }],
      },
      {},
      [
        `'selection.tables[0].rowFilters' cannot narrow a table whose whole schema is in 'schemas' in a DMS mapping, which would replicate all its rows, got schema "public"; name the tables of that schema one by one, or use a NATIVE link`,
      ],
    ],
    [
      'transformations that contradict themselves',
      { schemas: ['public'] },
      {
        transformations: [
          { target: SCHEMA, action: DmsTransformationAction.RENAME, schema: 'a%', table: 't' },
          {
            target: TABLE,
            action: DmsTransformationAction.REMOVE_COLUMN,
            schema: 'public',
            column: 'c',
            value: 'v',
            oldValue: 'o',
          },
          { target: TABLE, action: DmsTransformationAction.RENAME, schema: 'x', value: 'y' },
          {
            target: TABLE,
            action: DmsTransformationAction.REPLACE_SUFFIX,
            schema: 'z',
            value: 'y',
          },
        ],
      },
      [
        `'transformations[0].schema' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got "a%"; rename it or use a NATIVE link`,
        `'transformations[0].table' must be left out for target 'schema', got "t"; remove it or set 'target' to TABLE`,
        "'transformations[0].value' must be given for 'rename', got nothing; add it",
        `'transformations[1].column' must be left out for target 'table', got "c"; remove it or set 'target' to COLUMN`,
        `'transformations[1].value' must be left out for 'remove-column', got "v"; remove it`,
        `'transformations[1].oldValue' must be left out for 'remove-column', got "o"; remove it`,
        `'transformations[1]' must name the column for 'remove-column', got target 'table' and "c"; set 'target' to COLUMN and give 'column'`,
        "'transformations[2]' cannot rename several tables to one name, got no 'table'; name the table",
        "'transformations[3].oldValue' must be given for 'replace-suffix', got nothing; add it",
      ],
    ],
    [
      'two actions on one object',
      { tables: [{ ...orders, columns: ['id'] }] },
      {
        transformations: [
          { target: TABLE, action: DmsTransformationAction.CONVERT_UPPERCASE, schema: 'public' },
          {
            target: TABLE,
            action: DmsTransformationAction.RENAME,
            schema: 'public',
            table: 'orders',
            value: 'o',
          },
          { target: COLUMN, action: DmsTransformationAction.CONVERT_UPPERCASE, schema: 'public' },
        ],
      },
      [
        "'transformations[1]' cannot change what 'transformations[0]' changes, since DMS allows one action for each table; merge the two",
        `'transformations[2]' cannot change column "id", which 'selection.tables' lists, since DMS allows one action for each column; remove one of the two`,
      ],
    ],
    [
      'settings of tables',
      { schemas: ['public'] },
      {
        tableSettings: [
          { schema: 'other', name: 't%' },
          { ...orders, lobMode: DmsLobMode.LIMITED },
          { ...orders, lobMode: DmsLobMode.UNLIMITED, maxLobSizeKiB: 5 },
          {
            schema: 'public',
            name: 'ranges',
            parallelLoad: { columns: [], boundaries: [['1']] },
          },
          { schema: 'public', name: 'r2', parallelLoad: { columns: ['a b'], boundaries: [] } },
        ],
      },
      [
        `'tableSettings[0].name' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got "t%"; rename it or use a NATIVE link`,
        `'tableSettings[0]' must name a table of the selection, got "other.t%"; select it or remove its settings`,
        "'tableSettings[0]' must set 'parallelLoad' or 'lobMode', got neither; remove it or set one",
        "'tableSettings[1].maxLobSizeKiB' must be a whole number from 1 to 102400 for 'limited', got nothing; set it to the largest value of the table",
        "'tableSettings[2].maxLobSizeKiB' must be left out unless 'lobMode' is 'limited', got 5; remove it",
        "'tableSettings[3].parallelLoad.columns' must name 1 to 10 columns, got 0; correct the list",
        "'tableSettings[3].parallelLoad.boundaries[0]' must have a value for each of 0 columns, got 1; correct the bound",
        `'tableSettings[4].parallelLoad.columns[0]' must consist of left-to-right letters, digits and underscores for DMS to filter or transform it, got "a b"; rename the column or leave it out of the mapping`,
        "'tableSettings[4].parallelLoad.boundaries' must hold at least one bound, got none; add one or remove 'parallelLoad'",
        `'tableSettings[2]' cannot repeat the table of 'tableSettings[1]', got "public.orders"; merge the two`,
      ],
    ],
  ];

  test.each(cases)('%s', (_name, selected, options, problems) => {
    expect(tableMappingProblems(selected, options)).toEqual(problems);
    expect(() => compileTableMappings(selected, options)).toThrow('the DMS table mappings');
  });
});

describe('whatever the names are', () => {
  const name = fc
    .oneof(
      fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
      fc.string({
        minLength: 1,
        maxLength: 8,
        unit: fc.constantFrom('"', "'", '%', '_', '[', ']', 'a', 'A', '\\', ' ', 'ü'),
      }),
    )
    .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63)
    .filter((text) => !text.startsWith('pg_') && !['pontoon', 'information_schema'].includes(text));
  const table = fc.record({ schema: name, name });

  test('DMS selects exactly what was selected, or the names are refused', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 3 }),
        fc.uniqueArray(table, { maxLength: 3, selector: (one) => JSON.stringify(one) }),
        fc.array(table, { maxLength: 5 }),
        (schemas, tables, others) => {
          const selected = { schemas, tables };
          if (tableMappingProblems(selected).length > 0) return;
          const { rules } = compileTableMappings(selected);
          for (const other of [...tables, ...others]) {
            const expected =
              schemas.includes(other.schema) ||
              tables.some((one) => one.schema === other.schema && one.name === other.name);
            expect(dmsSelects(rules, other)).toBe(expected);
          }
        },
      ),
    );
  });

  test('ids are unique numbers and the JSON survives the way', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), (schemas) => {
        if (tableMappingProblems({ schemas }).length > 0) return;
        const mappings = compileTableMappings({ schemas });
        const ids = mappings.rules.map((rule) => rule['rule-id']);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) expect(id).toMatch(/^\d+$/);
        expect(JSON.parse(JSON.stringify(mappings))).toEqual(mappings);
      }),
    );
  });
});

test('mappings beyond 2 MiB do not fit', () => {
  const tables = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ schema: 'public', name: `table_${index}` }));
  expect(mappingsFit(compileTableMappings({ tables: tables(1000) }))).toBe(true);
  expect(mappingsFit(compileTableMappings({ tables: tables(20_000) }))).toBe(false);
});

/** How the user guide describes the matching: by patterns, but exactly for `explicit` and where filters are. */
function dmsSelects(rules: readonly DmsRule[], table: { schema: string; name: string }): boolean {
  const hit = (rule: DmsRule): boolean => {
    const locator = rule['object-locator'] as Record<string, string>;
    const [schema = '', name = ''] = [locator['schema-name'], locator['table-name']];
    return rule['rule-action'] === 'explicit'
      ? schema === table.schema && name === table.name
      : like(schema, table.schema) && like(name, table.name);
  };
  const hits = rules.filter((rule) => rule['rule-type'] === 'selection' && hit(rule));
  return hits.length > 0 && hits.every((rule) => rule['rule-action'] !== 'exclude');
}

function like(pattern: string, text: string): boolean {
  const parts = pattern.match(/\[[^\]]*\]|[\s\S]/gu) ?? [];
  const source = parts.map((part) => {
    if (part === '%') return '[\\s\\S]*';
    if (part === '_') return '[\\s\\S]';
    if (part.length > 1 && part.startsWith('[')) return part;
    return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'u').test(text);
}

test('takes the canary along, alone of its schema', () => {
  const { rules } = compileTableMappings({ schemas: ['shop'] }, { canary: true });
  expect(rules).toEqual([
    {
      'rule-id': '1',
      'rule-name': 'pontoon-1',
      'rule-type': 'selection',
      'object-locator': { 'schema-name': 'shop', 'table-name': '%' },
      'rule-action': 'include',
    },
    {
      'rule-id': '2',
      'rule-name': 'pontoon-2',
      'rule-type': 'selection',
      'object-locator': { 'schema-name': 'pontoon', 'table-name': 'canary' },
      'rule-action': 'explicit',
    },
  ]);
});
