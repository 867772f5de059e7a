import { FilterOperator, supports } from '../../../lib/postgres';
import { Lab, look, mend, twoLinks } from './lab';

describe.each([15, 16, 17, 18])('preflight of publications on PostgreSQL %i', (major) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start(major);
  });
  afterAll(() => lab.stop());

  test('filters and column lists must leave the replica identity', async () => {
    const { name, client } = await lab.database(
      'CREATE TABLE orders (id int PRIMARY KEY, day date)',
      'CREATE TABLE items (id int PRIMARY KEY, day date)',
    );
    const selection = {
      tables: [
        {
          schema: 'public',
          name: 'orders',
          rowFilters: [{ column: 'day', operator: FilterOperator.IS_NOT_NULL }],
        },
        { schema: 'public', name: 'items', columns: ['day'] },
      ],
    };
    const server = 'onPremises';
    const context = { topology: twoLinks(major, name, { native: selection }), server };
    const findings = await look(client, context, 'filters-and-columns');
    const [filter, list] = [
      {
        severity: 'error' as const,
        object: '"public"."orders"',
        message: `'links[0].selection.tables[0].rowFilters[0].column' must belong to the replica identity of "public"."orders", got "day", so UPDATEs and DELETEs would fail on it once it is published; extend the replica identity or remove the filter`,
        fix: 'ALTER TABLE "public"."orders" REPLICA IDENTITY FULL;',
      },
      {
        severity: 'error',
        object: '"public"."items"',
        message: `'links[0].selection.tables[1].columns' must contain the replica identity of "public"."items", got none of "id", so UPDATEs and DELETEs would fail on it once it is published; add them`,
        fix: '{"schema":"public","name":"items","columns":["day","id"]}',
      },
    ];
    expect(findings).toEqual([filter, list]);
    await mend(client, [filter]);
    const tables = [...selection.tables.slice(0, 1), JSON.parse(list.fix)];
    const mended = { topology: twoLinks(major, name, { native: { tables } }), server };
    expect(await look(client, mended, 'filters-and-columns')).toEqual([]);
  });

  test('a column list cannot name a generated column before it can be published', async () => {
    const { name, client } = await lab.database(
      'CREATE TABLE orders (id int PRIMARY KEY, gross int GENERATED ALWAYS AS (id * 2) STORED)',
    );
    const table = { schema: 'public', name: 'orders', columns: ['id', 'gross'] };
    const context = {
      topology: twoLinks(major, name, { native: { tables: [table] } }),
      server: 'onPremises',
    };
    const findings = await look(client, context, 'generated-columns');
    const publish = client.query('CREATE PUBLICATION p FOR TABLE orders (id, gross)');
    if (supports(major, 'generated-column-publication')) {
      expect(findings).toEqual([]);
      await publish;
      return;
    }
    await expect(publish).rejects.toThrow('cannot use generated column "gross"');
    expect(findings).toEqual([
      {
        severity: 'error',
        object: '"public"."orders"."gross"',
        message: `column "public"."orders"."gross" is generated, and cannot be published by 'onPremises'; leave it out of 'columns', since 'warehouse' computes it`,
        fix: '{"schema":"public","name":"orders","columns":["id"]}',
      },
    ]);
    const tables = [JSON.parse(findings[0]?.fix ?? '')];
    const mended = { ...context, topology: twoLinks(major, name, { native: { tables } }) };
    expect(await look(client, mended, 'generated-columns')).toEqual([]);
  });
});
