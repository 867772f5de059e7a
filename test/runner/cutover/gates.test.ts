import type { CutoverPlan, Gate } from '../../../lib/postgres';
import { checkCutover, dryRun, status } from '../../../lib/runner';
import { asSuperuser, back, failureOf } from '../../faults/walks';
import { CutoverLab, type LabServices, type Side } from './lab';

test('a gate that cannot be read keeps the cutover from beginning', async () => {
  const lab = await CutoverLab.start([17, 17]);
  const services = await lab.services();
  const { skipVerification: _skipped, ...plan } = lab.plan();
  // As an earlier release might have left it.
  await asSuperuser(lab.green, 'CREATE TABLE pontoon.verification (migration text)');
  const walk = checkCutover({ plan, owner: 'test' }, services);
  const said = await failureOf(walk.finally(() => services.close()));
  await lab.stop();
  expect(said).toBe(
    `GATES_UNCHECKED: every gate of the cutover of 'shop' must be open, got:
- every selected table was compared, and is the same: unchecked, got cannot run SELECT stream, state, results FROM pontoon.verification WHERE migration = $1: the server said "column "stream" does not exist" [42703]; compare them, or look at the rows that differ`,
  );
});

describe('what applications may do', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([14, 17]);
  });
  afterAll(() => lab.stop());

  test('is the same on both servers, unless a login only reads that nobody made there', async () => {
    const { blue, green } = lab;
    const services = await lab.services();
    const found = async () => {
      const { gates } = await status({ plan: lab.plan() }, services);
      const { status: is, found: said } = gates.find(({ id }) => id === 'rights') ?? {};
      return `${is}: ${said}`;
    };
    const expected: string[] = [];
    const seen: string[] = [];
    const step = async (side: Side, text: string, says: string) => {
      await asSuperuser(side, text);
      seen.push(await found());
      expected.push(says);
    };
    const open = 'open: as it must be';
    await step(blue, 'SELECT', open);
    await step(
      green,
      'REVOKE INSERT, UPDATE ON shop.orders FROM app',
      `closed: role 'app', which may INSERT table "shop"."orders" on 'blue', and may not on 'green', and 1 more of the kind`,
    );
    await step(
      green,
      'CREATE ROLE several; GRANT ALL ON shop.orders TO several; GRANT several TO app',
      open,
    );
    await step(
      green,
      'REVOKE several FROM app; GRANT ALL ON shop.orders TO app; REVOKE ALL ON SEQUENCE shop.invoice FROM app',
      `closed: role 'app', which may USAGE sequence "shop"."invoice" on 'blue', and may not on 'green'`,
    );
    await step(green, 'GRANT UPDATE ON SEQUENCE shop.invoice TO app', open);
    await step(
      green,
      'REVOKE USAGE ON SCHEMA shop FROM app',
      `closed: role 'app', which may USAGE schema shop on 'blue', and may not on 'green'`,
    );
    await step(green, 'GRANT USAGE ON SCHEMA shop TO app', open);
    await step(
      blue,
      'CREATE ROLE analyst LOGIN; GRANT SELECT ON shop.orders TO analyst',
      `${open}, but 'green' lacks roles that only read on 'blue', or administer it: analyst`,
    );
    await step(
      blue,
      'GRANT DELETE ON shop.orders TO analyst',
      `closed: role 'analyst', which may DELETE table "shop"."orders" on 'blue', and may not on 'green', where it does not exist, and 1 more of the kind`,
    );
    await step(
      blue,
      'ALTER ROLE analyst CREATEROLE',
      `${open}, but 'green' lacks roles that only read on 'blue', or administer it: analyst`,
    );
    await step(blue, 'ALTER ROLE analyst NOLOGIN', open);
    await services.close();
    expect(seen).toEqual(expected);
  });

  test('counts also what they may only by SET ROLE, with columns, and by TRUNCATE', async () => {
    const services = await lab.services();
    const found = async () => await foundBy('rights', services);
    const on = async (sides: readonly Side[], text: string) => {
      for (const side of sides) await asSuperuser(side, text);
    };
    const { blue, green } = lab;
    await on(
      [blue, green],
      'CREATE ROLE owners; GRANT ALL ON shop.counters TO owners; CREATE ROLE clerk LOGIN NOINHERIT',
    );
    await asSuperuser(blue, 'GRANT owners TO clerk');
    const lacking = `role 'clerk', which may DELETE table "shop"."counters" on 'blue', and may not on 'green', and 4 more of the kind`;
    expect(await found()).toBe(`closed: ${lacking}`);
    await asSuperuser(green, 'GRANT owners TO clerk WITH INHERIT FALSE, SET FALSE');
    expect(await found()).toBe(`closed: ${lacking}`);
    await asSuperuser(green, 'GRANT owners TO clerk WITH SET TRUE');
    expect(await found()).toBe('open: as it must be');
    await asSuperuser(blue, 'GRANT UPDATE (number) ON shop.orders TO clerk');
    expect(await found()).toBe(
      `closed: role 'clerk', which may UPDATE columns of table "shop"."orders" on 'blue', and may not on 'green'`,
    );
    await asSuperuser(green, 'GRANT UPDATE ON shop.orders TO clerk');
    expect(await found()).toBe('open: as it must be');
    await asSuperuser(green, 'REVOKE TRUNCATE ON shop.orders FROM app');
    expect(await found()).toBe(
      `closed: role 'app', which may TRUNCATE table "shop"."orders" on 'blue', and may not on 'green'`,
    );
    // Nobody granted it to the owner, such as the master user of a copy.
    await asSuperuser(blue, 'ALTER TABLE shop.orders OWNER TO app');
    expect(await found()).toBe('open: as it must be');
    await asSuperuser(
      blue,
      'ALTER TABLE shop.orders OWNER TO dbadmin; GRANT ALL ON shop.orders TO app',
    );
    await asSuperuser(green, 'GRANT TRUNCATE ON shop.orders TO app');
    await services.close();
  });

  test('is compared under another name where that is declared, in both directions', async () => {
    const { blue, green } = lab;
    await asSuperuser(
      blue,
      'CREATE ROLE sales LOGIN; GRANT USAGE ON SCHEMA shop TO sales; GRANT INSERT ON shop.orders TO sales',
    );
    const services = await lab.services();
    const found = async (declared: object, of = (plan: CutoverPlan) => plan) => {
      const plan = of({ ...lab.plan(), ...declared });
      return spoken('rights', (await status({ plan }, services)).gates);
    };
    const logins = { sales: 'sales_green' };
    const missing = (as: string) =>
      expect.stringMatching(
        new RegExp(
          `^closed: role 'sales', which may (?:INSERT table "shop"."orders"|USAGE schema shop) on 'blue', and may not${as} on 'green', where it does not exist, and 1 more of the kind$`,
        ),
      );
    expect(await found({})).toEqual(missing(''));
    expect(await found({ logins })).toEqual(missing(" as 'sales_green'"));
    await asSuperuser(
      green,
      'CREATE ROLE sales_green LOGIN; GRANT USAGE ON SCHEMA shop TO sales_green',
    );
    expect(await found({ logins })).toBe(
      `closed: role 'sales', which may INSERT table "shop"."orders" on 'blue', and may not as 'sales_green' on 'green'`,
    );
    await asSuperuser(green, 'GRANT INSERT ON shop.orders TO sales_green');
    expect(await found({ logins })).toBe('open: as it must be');
    await asSuperuser(green, 'ALTER ROLE sales_green NOLOGIN');
    expect(await found({ logins })).toBe(
      `closed: role 'sales_green', which on 'green' may not log in (NOLOGIN)`,
    );
    await asSuperuser(green, 'ALTER ROLE sales_green LOGIN');
    // Where it is fenced, nobody's rights but those of who may connect are compared.
    await asSuperuser(green, 'GRANT CONNECT ON DATABASE app TO sales_green');
    expect(await found({}, back)).toMatch(
      /^closed: role 'sales_green', .* where it does not exist/,
    );
    expect(await found({ logins }, back)).toBe('open: as it must be');
    await asSuperuser(green, 'REVOKE CONNECT ON DATABASE app FROM sales_green');
    await asSuperuser(blue, 'ALTER ROLE sales NOLOGIN');
    await services.close();
  });

  test('is nothing for a login that the new writer would not let in, or not let write', async () => {
    const services = await lab.services();
    const found = async (text: string) => {
      await asSuperuser(lab.green, text);
      return await foundBy('rights', services);
    };
    await asSuperuser(lab.blue, 'ALTER ROLE clerk NOLOGIN');
    const closed = (why: string) => `closed: role 'app', which on 'green' ${why}`;
    expect(await found('ALTER ROLE app NOLOGIN')).toBe(closed('may not log in (NOLOGIN)'));
    expect(await found(`ALTER ROLE app LOGIN VALID UNTIL '2020-01-01'`)).toBe(
      closed('has a password that has expired (VALID UNTIL)'),
    );
    expect(await found(`ALTER ROLE app VALID UNTIL 'infinity' CONNECTION LIMIT 0`)).toBe(
      closed('may have no session (CONNECTION LIMIT 0)'),
    );
    const onlyReads = 'only reads (default_transaction_read_only)';
    expect(
      await found(
        'ALTER ROLE app CONNECTION LIMIT -1; ALTER ROLE app SET default_transaction_read_only = on',
      ),
    ).toBe(closed(onlyReads));
    // What is said of a login in a database goes before what is said of it everywhere.
    expect(
      await found('ALTER ROLE app IN DATABASE app SET default_transaction_read_only = off'),
    ).toBe('open: as it must be');
    const remembered = (names: string) =>
      `ALTER ROLE app RESET ALL; UPDATE pontoon.objects SET before = jsonb_set(before, '{connect}', '${names}') WHERE kind = 'connection-guard'`;
    expect(await found(remembered('["dbadmin", "reader"]'))).toBe(
      closed('is not let in with the others (CONNECT)'),
    );
    await asSuperuser(lab.green, 'CREATE ROLE users; GRANT users TO app');
    expect(await found(remembered('["dbadmin", "reader", "users"]'))).toBe('open: as it must be');
    await services.close();
  });

  test('is nothing either where the database only reads, which the runner would find out too late', async () => {
    await lab.green.admin.query('ALTER DATABASE app SET default_transaction_read_only = on');
    const services = await lab.services();
    const found = await foundBy('may-fence', services);
    const dry = await dryRun({ plan: lab.plan(), owner: 'test' }, services);
    await services.close();
    await lab.green.admin.query('ALTER DATABASE app RESET default_transaction_read_only');
    const reason = `closed: sessions on 'green' that only read: default_transaction_read_only, or a standby`;
    expect([found, spoken('may-fence', dry.gates)]).toEqual([reason, reason]);
    const again = await lab.services();
    const { gates } = await dryRun({ plan: lab.plan(), owner: 'test' }, again);
    await again.close();
    expect(gates.filter(({ status: is }) => is !== 'open')).toEqual([]);
  });

  async function foundBy(id: string, services: LabServices): Promise<string> {
    return spoken(id, (await status({ plan: lab.plan() }, services)).gates);
  }

  function spoken(id: string, gates: readonly Gate[]): string {
    const { status: is, found } = gates.find((one) => one.id === id) ?? {};
    return `${is}: ${found}`;
  }
});
