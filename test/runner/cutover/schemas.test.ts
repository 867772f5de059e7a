import { status } from '../../../lib/runner';
import { CutoverLab, type LabServices } from './lab';

const TYPES = `CREATE DOMAIN kinds.amount AS int CHECK (VALUE > 0);
CREATE TYPE kinds.colour AS ENUM ('red', 'green');
CREATE TYPE kinds.part AS (amount kinds.amount, colour kinds.colour);
CREATE TYPE kinds.span AS RANGE (SUBTYPE = int);
CREATE TABLE kinds.things (id int PRIMARY KEY, parts kinds.part[], span kinds.span, name text COLLATE "C")`;

describe.each([[17, 17] as const, [14, 18] as const])('schemas of %i and %i', (from, to) => {
  let lab: CutoverLab;
  let services: LabServices;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to], {
      schema: `CREATE SCHEMA kinds; ${TYPES}`,
      schemas: ['shop', 'kinds'],
    });
    services = await lab.services();
  });
  afterAll(async () => {
    await services.close();
    await lab.stop();
  });

  test('differ where the types that columns are made of differ', async () => {
    expect(await gate()).toBe('as it must be');
    await lab.green.admin.query(
      `DROP TABLE kinds.things; DROP TYPE kinds.part, kinds.amount, kinds.colour, kinds.span;
       ${TYPES.replace('VALUE > 0', 'VALUE > 9').replace(`, 'green'`, '').replace('colour kinds.colour)', 'colour kinds.colour, name text)').replace(' COLLATE "C"', '').replace('SUBTYPE = int', 'SUBTYPE = bigint')}`,
    );
    const found = String(await gate());
    expect(found.slice(`on 'green': `.length).split('; ').sort()).toEqual([
      'column kinds.things.name is "text" instead of "text COLLATE pg_catalog."C""',
      'composite kinds.part is "amount kinds.amount, colour kinds.colour, name text" instead of "amount kinds.amount, colour kinds.colour"',
      'domain kinds.amount is "integer CHECK ((VALUE > 9))" instead of "integer CHECK ((VALUE > 0))"',
      `enum kinds.colour is "'red'" instead of "'red', 'green'"`,
      'range kinds.span is "bigint" instead of "integer"',
    ]);
  });

  test('differ where sequences do, also those of no column, in the schemas of chosen tables too', async () => {
    await lab.green.admin.query(
      'ALTER SEQUENCE shop.invoice INCREMENT -5; CREATE SEQUENCE shop.another; ALTER SEQUENCE shop.orders_id_seq CYCLE',
    );
    const differences = (sequences: string) => `on 'green': ${sequences}`;
    const orders =
      'sequence shop.orders_id_seq is "bigint INCREMENT 1 MINVALUE 1 MAXVALUE 9223372036854775807 CYCLE t" instead of "bigint INCREMENT 1 MINVALUE 1 MAXVALUE 9223372036854775807 CYCLE f"';
    const invoice =
      'sequence shop.invoice is "bigint INCREMENT -5 MINVALUE -9223372036854775808 MAXVALUE -1 CYCLE f" instead of "bigint INCREMENT -1 MINVALUE -9223372036854775808 MAXVALUE -1 CYCLE f"';
    const tables = (...names: string[]) => names.map((name) => ({ schema: 'shop', name }));
    const both = String(await gate({ tables: tables('orders') }));
    expect(both.slice(differences('').length).split('; ').sort()).toEqual([invoice, orders]);
    expect(await gate({ tables: tables('counters') })).toBe(differences(invoice));
    await lab.green.admin.query('DROP SEQUENCE shop.invoice');
    expect(await gate({ tables: tables('counters') })).toBe(
      differences('sequence shop.invoice is missing'),
    );
    await lab.green.admin.query(
      'CREATE SEQUENCE shop.invoice INCREMENT -1; ALTER SEQUENCE shop.orders_id_seq NO CYCLE',
    );
    expect(await gate({ schemas: ['shop'] })).toBe('as it must be');
  });

  const gate = async (selection = lab.plan().selection): Promise<unknown> =>
    (await status({ plan: { ...lab.plan(), selection } }, services)).gates.find(
      ({ id }) => id === 'schemas',
    )?.found;
});
