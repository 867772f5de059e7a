import { rollbackOf } from '../../../lib/postgres';
import { cutover, status } from '../../../lib/runner';
import { failureOf } from '../../faults/walks';
import { CutoverLab } from './lab';

describe.each([
  [14, 18],
  [17, 17],
])('tables that are not replicated, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
  });
  afterAll(() => lab.stop());

  async function found(plan = lab.plan(), id = 'tables'): Promise<string | undefined> {
    const services = await lab.services();
    const { gates } = await status({ plan }, services).finally(() => services.close());
    const gate = gates.find((one) => one.id === id);
    return gate?.status === 'open' ? undefined : gate?.found;
  }

  test('every table of a migration as it was deployed is, there and back', async () => {
    expect(await found()).toBeUndefined();
    expect(await found(rollbackOf(lab.plan()))).toMatch(/is not followed by '\w+' on 'blue'$/);
  });

  test('a table that no log has is carried by nobody, and empty it would count as the same for ever', async () => {
    await lab.blue.admin.query('CREATE UNLOGGED TABLE shop.scratch (id int PRIMARY KEY)');
    expect(await found()).toBe(
      `table "shop"."scratch" on 'blue' is UNLOGGED, which nothing carries: SET LOGGED there, or exclude it from the selection`,
    );
    const { selection } = lab.plan();
    const excluded = { ...selection, exclude: [{ schema: 'shop', name: 'scratch' }] };
    expect(await found({ ...lab.plan(), selection: excluded })).toBeUndefined();
    await lab.blue.admin.query('DROP TABLE shop.scratch');
  });

  test('a table that was made on both sides since closes a gate, and so the walk', async () => {
    for (const { admin } of [lab.blue, lab.green])
      await admin.query('CREATE TABLE shop.fresh (id int PRIMARY KEY)');
    expect(await found()).toBe(
      `not every change of table "shop"."fresh" is published on 'blue' by 'forward'`,
    );
    const services = await lab.services();
    const walk = cutover({ plan: lab.plan(), owner: 'test' }, services);
    const said = await failureOf(walk.finally(() => services.close()));
    expect(said).toContain(
      `- every selected table is replicated, there and back: closed, got not every change of table "shop"."fresh" is published on 'blue' by 'forward'; publish and follow it: deploy another selection, or pontoon apply; then compare the rows`,
    );
  });

  test('it is not enough to publish it: the subscription must take it up, and the way back too', async () => {
    await lab.blue.admin.query('ALTER PUBLICATION forward ADD TABLE ONLY shop.fresh');
    expect(await found()).toBe(`table "shop"."fresh" is not followed by 'forward' on 'green'`);
    for (const { admin } of [lab.blue, lab.green]) await admin.query('DROP TABLE shop.fresh');
    expect(await found()).toBeUndefined();
    await lab.green.admin.query('ALTER PUBLICATION backward DROP TABLE shop.customers');
    expect(await found()).toBe(
      `not every change of table "shop"."customers" is published on 'green' by 'backward'`,
    );
    await lab.green.admin.query('ALTER PUBLICATION backward ADD TABLE ONLY shop.customers');
    expect(await found()).toBeUndefined();
  });

  test('a table of the new writer must be one whose rows can be told apart, or UPDATE fails there', async () => {
    await lab.green.admin.query('ALTER TABLE shop.customers REPLICA IDENTITY NOTHING');
    expect(await found()).toBe(
      `table "shop"."customers" on 'green' has no replica identity, so that its UPDATEs and DELETEs would fail there: add a primary key or set REPLICA IDENTITY on both servers`,
    );
    expect(await found(lab.plan(), 'schemas')).toBe(
      `on 'green': replica identity shop.customers is "NOTHING" instead of "DEFAULT"`,
    );
    await lab.green.admin.query('ALTER TABLE shop.customers REPLICA IDENTITY DEFAULT');
    expect(await found()).toBeUndefined();
    expect(await found(lab.plan(), 'schemas')).toBeUndefined();
  });

  test('rows and columns that a publication leaves out by hand close the gate, there and back', async () => {
    // Before 15 there are neither.
    const servers = [[lab.blue, 'forward', from] as const, [lab.green, 'backward', to] as const];
    for (const [{ admin, name }, publication] of servers.filter(([, , major]) => major >= 15)) {
      for (const part of ['WHERE (id < 0)', '(id)']) {
        await admin.query(
          `ALTER PUBLICATION ${publication} DROP TABLE shop.customers; ALTER PUBLICATION ${publication} ADD TABLE ONLY shop.customers ${part}`,
        );
        expect(await found()).toBe(
          `not every change of table "shop"."customers" is published on '${name}' by '${publication}', whose row filter or columns for it are not those of the selection`,
        );
      }
      await lab.deal({ part: undefined, selection: lab.plan().selection });
      expect(await found()).toBeUndefined();
    }
  });

  test('a subscription to something else keeps its tables, and is sent nothing of them', async () => {
    await lab.blue.admin.query('CREATE PUBLICATION other FOR TABLE pontoon.canary');
    const subscribe = (name: string) =>
      lab.green.admin.query(
        `ALTER SUBSCRIPTION forward SET PUBLICATION ${name} WITH (refresh = false)`,
      );
    await subscribe('other');
    expect(await found()).toMatch(/^table .* is not followed by 'forward' on 'green'$/);
    await subscribe('forward');
    expect(await found()).toBeUndefined();
  });

  test('a publication that leaves out a kind of change does not count', async () => {
    await lab.blue.admin.query(
      "ALTER PUBLICATION forward SET (publish = 'insert, update, delete')",
    );
    expect(await found()).toMatch(
      /^not every change of table .* is published on 'blue' by 'forward'$/,
    );
  });
});
