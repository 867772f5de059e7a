import type { CutoverPlan } from '../../lib/postgres';
import { scramVerifier, verifyRows } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, OWNER, walkWith } from './walks';

describe.each(PAIRS)('what was written to the new writer, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let plan: CutoverPlan;
  let writers: JournalWriter[];
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
    const { skipVerification: _declared, ...verified } = lab.plan({
      verificationMs: 60_000,
      budgetMs: 120_000,
    });
    plan = verified;
    await lab.blue.admin.query(
      `INSERT INTO shop.customers (name) SELECT 'customer ' || n FROM generate_series(1, 300) n`,
    );
    await lab.green.admin.query(
      `CREATE ROLE tester LOGIN PASSWORD '${scramVerifier(lab.appPassword)}'; GRANT USAGE ON SCHEMA shop TO tester`,
    );
    writers = [0, 1].map((client) => new JournalWriter(client, () => lab.application(), 1));
    await untilWritten(writers);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
  });

  const walk = async (): Promise<unknown> => {
    await lab.followed();
    return await walkWith(lab, plan, { step: 'gates', edge: 'after' }, async () => undefined, {
      connections: lab.connections(),
    });
  };

  const compare = async (): Promise<unknown> => {
    const services = await lab.services();
    return await verifyRows(
      { plan, owner: OWNER },
      { ...services, connections: lab.connections() },
    ).finally(() => services.close());
  };

  test('a login that is let in closes a gate', async () => {
    await compare();
    await lab.green.admin.query('GRANT CONNECT ON DATABASE app TO tester');
    expect(await failureOf(walk())).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no application can write to the new writer: closed, got role 'tester' may connect to 'green'; keep applications out by a connection guard, and let only those in who read`,
    );
  });

  test('a login that was let in to read closes a gate if it may write', async () => {
    plan = { ...plan, keep: { blue: ['reader'], green: ['reader', 'tester'] } };
    await lab.green.admin.query('GRANT SELECT, UPDATE ON shop.customers TO tester');
    expect(await failureOf(walk())).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no application can write to the new writer: closed, got role 'tester', which is kept, may write to shop.customers on 'green'; keep applications out by a connection guard, and let only those in who read`,
    );
    await lab.green.admin.query('REVOKE UPDATE ON shop.customers FROM tester');
  });

  test.each([
    [
      'added',
      `INSERT INTO shop.customers OVERRIDING SYSTEM VALUE VALUES (1000, 'foreign')`,
      'DELETE FROM shop.customers WHERE id = 1000',
    ],
    [
      'changed',
      `UPDATE shop.customers SET name = name || ' ' WHERE id = 7`,
      `UPDATE shop.customers SET name = 'customer 7' WHERE id = 7`,
    ],
    [
      'removed',
      'DELETE FROM shop.customers WHERE id = 7',
      `INSERT INTO shop.customers OVERRIDING SYSTEM VALUE VALUES (7, 'customer 7')`,
    ],
  ])(
    'a row that was %s since the tables were compared is found behind the fence',
    async (_what, fault, mend) => {
      await asSuperuser(lab.green, fault);
      expect(await failureOf(walk())).toMatch(
        /^UNDONE: every compared table must be the same on 'blue' and 'green', got "shop"\."customers" \(.+\); find out who wrote to 'green'; everything was taken back, and 'blue' works as before$/,
      );
      expect(lab.active).toBe('blue');
      await expectWhole(lab, writers);
      await asSuperuser(lab.green, mend);
    },
  );

  test('what was mended is switched', async () => {
    expect(await failureOf(walk())).toBe('nothing failed');
    expect(lab.active).toBe('green');
    await expectWhole(lab, writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(lab, writers);
  });
});
