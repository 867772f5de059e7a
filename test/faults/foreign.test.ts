import type { CutoverPlan } from '../../lib/postgres';
import { scramVerifier, verifyRows } from '../../lib/runner';
import { untilWritten } from '../runner/cutover/writer';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, OWNER, walkWith } from './walks';
import { writtenLab } from './written-lab';

describe.each(PAIRS)('what was written to the new writer, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);
  let plan: CutoverPlan;
  beforeAll(async () => {
    const { skipVerification: _declared, ...verified } = shop.lab.plan({
      verificationMs: 60_000,
      budgetMs: 120_000,
    });
    plan = verified;
    await shop.lab.blue.admin.query(
      `INSERT INTO shop.customers (name) SELECT 'customer ' || n FROM generate_series(1, 300) n`,
    );
    await shop.lab.green.admin.query(
      `CREATE ROLE tester LOGIN PASSWORD '${scramVerifier(shop.lab.appPassword)}'; GRANT USAGE ON SCHEMA shop TO tester`,
    );
    await untilWritten(shop.writers);
  });

  const walk = async (): Promise<unknown> => {
    await shop.lab.followed();
    return await walkWith(shop.lab, plan, { step: 'gates', edge: 'after' }, async () => undefined, {
      connections: shop.lab.connections(),
    });
  };

  const compare = async (): Promise<unknown> => {
    const services = await shop.lab.services();
    return await verifyRows(
      { plan, owner: OWNER },
      { ...services, connections: shop.lab.connections() },
    ).finally(() => services.close());
  };

  test('a login that is let in closes a gate', async () => {
    await compare();
    await shop.lab.green.admin.query('GRANT CONNECT ON DATABASE app TO tester');
    expect(await failureOf(walk())).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no application can write to the new writer: closed, got role 'tester' may connect to 'green'; keep applications out by a connection guard, and let only those in who read`,
    );
  });

  test('a login that was let in to read closes a gate if it may write', async () => {
    plan = { ...plan, keep: { blue: ['reader'], green: ['reader', 'tester'] } };
    await shop.lab.green.admin.query('GRANT SELECT, UPDATE ON shop.customers TO tester');
    expect(await failureOf(walk())).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no application can write to the new writer: closed, got role 'tester', which is kept, may write to shop.customers on 'green'; keep applications out by a connection guard, and let only those in who read`,
    );
    await shop.lab.green.admin.query('REVOKE UPDATE ON shop.customers FROM tester');
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
      await asSuperuser(shop.lab.green, fault);
      expect(await failureOf(walk())).toMatch(
        /^UNDONE: every compared table must be the same on 'blue' and 'green', got "shop"\."customers" \(.+\); find out who wrote to 'green'; everything was taken back, and 'blue' works as before$/,
      );
      expect(shop.lab.active).toBe('blue');
      await expectWhole(shop.lab, shop.writers);
      await asSuperuser(shop.lab.green, mend);
    },
  );

  test('what was mended is switched', async () => {
    expect(await failureOf(walk())).toBe('nothing failed');
    expect(shop.lab.active).toBe('green');
    await expectWhole(shop.lab, shop.writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
