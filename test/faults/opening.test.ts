import { Client } from 'pg';
import { waitUntil } from '../../lib/runner';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, onwards, walkWith } from './walks';
import { writtenLab } from './written-lab';

/** Seconds between the look at the access list and the moment at which a session of an application is shown. */
const DELAY_S = 2;

describe.each(PAIRS)('a session that is being opened, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);

  test('before the fence is ended behind it, although nothing showed it', async () => {
    const { lab, writers } = shop;
    const plan = onwards(lab);
    const old = lab.side(plan.from);
    const login = { user: 'app', password: lab.appPassword };
    const slow = new Client({
      ...old.server.connectionConfig('app', login),
      options: `-c post_auth_delay=${DELAY_S}`,
    });
    slow.on('error', () => undefined);
    const connected = failureOf(slow.connect());
    await waitUntil({
      what: 'the session must hold its lock',
      deadlineMs: 10_000,
      intervalMs: 5,
      probe: async () => {
        const rows = await asSuperuser(
          old,
          `SELECT FROM pg_locks WHERE classid = 'pg_database'::regclass AND pid NOT IN (SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL)`,
        );
        return rows.length > 0
          ? { done: true, value: undefined }
          : { done: false, reason: 'no lock' };
      },
    });
    const walked = walkWith(lab, plan, { step: 'open', edge: 'before' }, async () => undefined);
    expect(await failureOf(walked)).toBe('nothing failed');
    await connected;
    const late = slow.query(`INSERT INTO shop.customers (name) VALUES ('late')`);
    expect(await failureOf(late)).toMatch(/terminat|not queryable/);
    expect(lab.active).toBe(plan.to);
    await expectWhole(lab, writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
