import type { Client } from 'pg';
import type { CutoverPlan } from '../../lib/postgres';
import { type CutoverEvent, cutover, scramVerifier } from '../../lib/runner';
import type { Side } from '../runner/cutover/lab';
import { PAIRS } from './matrix';
import {
  asSuperuser,
  expectSame,
  expectWhole,
  failureOf,
  goOn,
  isMoment,
  OWNER,
  onwards,
  walkWith,
} from './walks';
import { writtenLab } from './written-lab';

const ENDED = 'Client has encountered a connection error and is not queryable';

describe.each(PAIRS)('who writes behind a fence, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);
  beforeAll(async () => {
    for (const side of [shop.lab.blue, shop.lab.green])
      await side.admin.query(
        `CREATE ROLE tester LOGIN PASSWORD '${scramVerifier(shop.lab.appPassword)}'; GRANT CONNECT ON DATABASE app TO tester`,
      );
  });
  afterEach(async () => {
    for (const side of [shop.lab.blue, shop.lab.green])
      await asSuperuser(side, 'REVOKE app FROM tester');
  });

  /** A session that has written, and not committed. */
  const writing = async (session: Promise<Client>, name: string): Promise<Client> => {
    const client = await session;
    await client.query('BEGIN');
    await client.query('INSERT INTO shop.customers (name) VALUES ($1)', [name]);
    return client;
  };

  const next = (): CutoverPlan => {
    const plan = onwards(shop.lab);
    return { ...plan, keep: { blue: ['reader', 'tester'], green: ['reader', 'tester'] } };
  };

  /** A session of a role that is kept, and may write behind the back of the gates. */
  const tester = async (side: Side): Promise<Client> => {
    await asSuperuser(side, 'GRANT app TO tester');
    return await side.session({
      user: 'tester',
      password: shop.lab.appPassword,
      application_name: 'psql',
    });
  };

  const customers = async (name: string): Promise<readonly unknown[]> => {
    const text = `SELECT name FROM shop.customers WHERE name = '${name}'`;
    return [
      ...(await asSuperuser(shop.lab.blue, text)),
      ...(await asSuperuser(shop.lab.green, text)),
    ];
  };

  /** The walk is undone because of what was written, and the old writer works as before. */
  const expectFound = async (walk: Promise<unknown>, plan: CutoverPlan): Promise<void> => {
    expect(await failureOf(walk)).toMatch(
      new RegExp(
        `^UNDONE: the fenced database on '${plan.from}' must not be written to, got transaction \\d+ at [0-9A-F/]+ on shop\\.customers; find out who wrote before you try again; everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
    expect(shop.lab.active).toBe(plan.from);
    await expectWhole(shop.lab, shop.writers);
    await shop.lab.followed();
  };

  test('an application with the login of the runner closes a gate', async () => {
    const plan = next();
    const client = await shop.lab.side(plan.from).session({ application_name: 'shop' });
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const walk = walkWith(shop.lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk.finally(() => client.end()))).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- nobody else uses the login of the runner on the old writer: closed, got 'dbadmin' (shop), process ${rows[0].pid}; give applications a login of their own: the fence lets the runner’s in`,
    );
  });

  test('a session of the runner’s login that has written is ended, whatever it is called', async () => {
    const plan = next();
    const side = shop.lab.side(plan.from);
    const held: Client[] = [];
    await walkWith(shop.lab, plan, { step: 'prepare', edge: 'after' }, async () => {
      for (const application_name of ['shop', 'pontoon metrics'])
        held.push(await writing(side.session({ application_name }), 'ended'));
    });
    for (const client of held) await expect(client.query('COMMIT')).rejects.toThrow(ENDED);
    expect(await customers('ended')).toEqual([]);
    await expectWhole(shop.lab, shop.writers);
  });

  test('a session with a name of ours that only reads is left alone', async () => {
    const plan = next();
    const client = await shop.lab.side(plan.from).session({ application_name: 'pontoon metrics' });
    await client.query('BEGIN');
    await client.query('SELECT count(*) FROM shop.customers');
    await goOn(shop.lab, plan);
    await client.query('COMMIT');
    await client.end();
    await expectWhole(shop.lab, shop.writers);
  });

  test('a role that was kept is ended in the middle of a write, and may read', async () => {
    const plan = next();
    const side = shop.lab.side(plan.from);
    const held: Client[] = [];
    await walkWith(shop.lab, plan, { step: 'prepare', edge: 'after' }, async () => {
      held.push(await writing(tester(side), 'kept'), await tester(side));
      await asSuperuser(side, 'REVOKE app FROM tester');
    });
    const [writer, reader] = held;
    await expect(writer?.query('COMMIT')).rejects.toThrow(ENDED);
    expect((await reader?.query('SELECT 1 AS one'))?.rows).toEqual([{ one: 1 }]);
    await reader?.end();
    expect(await customers('kept')).toEqual([]);
    await expectWhole(shop.lab, shop.writers);
  });

  test.each([
    ['the runner’s login', 'dbadmin'],
    ['a role that was kept', 'tester'],
  ])('what %s commits behind the fence is found', async (_who, role) => {
    const plan = next();
    const side = shop.lab.side(plan.from);
    const session = () =>
      role === 'tester' ? tester(side) : side.session({ application_name: 'pontoon metrics' });
    const clients: Client[] = [];
    const services = await shop.lab.services();
    const onEvent = async (event: CutoverEvent) => {
      if (isMoment(event, { step: 'catch-up', edge: 'before' }))
        clients.push(await writing(session(), 'late'));
      if (isMoment(event, { step: 'open', edge: 'before' }))
        for (const client of clients) await client.query('COMMIT');
    };
    const walk = cutover({ plan, owner: OWNER }, { ...services, onEvent });
    await expectFound(
      walk.finally(() => services.close()),
      plan,
    );
    await Promise.all(clients.map((client) => client.end()));
  });

  test.each(['switch', 'open'])('who is let in again before %s is found', async (step) => {
    const plan = next();
    const old = shop.lab.side(plan.from);
    const walk = walkWith(shop.lab, plan, { step: step as 'switch', edge: 'before' }, async () => {
      await asSuperuser(old, 'GRANT CONNECT ON DATABASE app TO PUBLIC');
    });
    expect(await failureOf(walk)).toMatch(
      new RegExp(
        `^UNDONE: the fence on '${plan.from}' must leave only listed roles with CONNECT, got .*; everything was taken back, and '${plan.from}' works as before`,
      ),
    );
    await expectWhole(shop.lab, shop.writers);
  });

  test('a role that was kept, and may write before open, is found', async () => {
    const plan = next();
    const walk = walkWith(shop.lab, plan, { step: 'open', edge: 'before' }, () =>
      asSuperuser(shop.lab.side(plan.from), 'GRANT app TO tester'),
    );
    expect(await failureOf(walk)).toBe(
      `UNDONE: the fence on '${plan.from}' must leave only roles that read, got role 'tester', which may write to shop.counters on '${plan.from}'; revoke that, or take the role out of 'keep'; everything was taken back, and '${plan.from}' works as before`,
    );
    await expectWhole(shop.lab, shop.writers);
  });

  test.each(['switch', 'open'])('what a superuser writes before %s is found', async (step) => {
    const plan = next();
    const text = `SET synchronous_commit = off; INSERT INTO shop.customers (name) VALUES ('late')`;
    const walk = walkWith(shop.lab, plan, { step, edge: 'before' }, () =>
      asSuperuser(shop.lab.side(plan.from), text),
    );
    await expectFound(walk, plan);
  });

  test('a transaction that is open when nobody may have written is waited for, and not for long', async () => {
    const plan = next();
    const clients: Client[] = [];
    const said = await failureOf(
      walkWith(shop.lab, plan, { step: 'catch-up', edge: 'before' }, async () => {
        clients.push(await writing(tester(shop.lab.side(plan.from)), 'open'));
      }),
    );
    expect(said).toMatch(
      new RegExp(
        `^UNDONE: open transactions on '${plan.from}' must end within 1 s, got role 'tester' \\(psql\\), process \\d+(, and then no answer)?; look at them in pg_stat_activity; everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
    for (const client of clients) await client.query('ROLLBACK');
    await Promise.all(clients.map((client) => client.end()));
    await shop.lab.followed();
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
