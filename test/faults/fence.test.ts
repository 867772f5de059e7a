import { Client, type ClientConfig } from 'pg';
import type { EndpointCall } from '../../lib/postgres';
import { abandon, type CutoverEvent, cutover } from '../../lib/runner';
import { untilWritten } from '../runner/cutover/writer';
import { ALL, PAIRS } from './matrix';
import {
  alone,
  asSuperuser,
  back,
  expectSame,
  expectWhole,
  failureOf,
  goOn,
  killedAt,
  OWNER,
  onwards,
  walkWith,
} from './walks';
import { writtenLab } from './written-lab';

const FOREIGN_ROW = `INSERT INTO shop.customers OVERRIDING SYSTEM VALUE VALUES (99, 'foreign')`;

/** A transaction that has written, and is left open. */
async function openTransaction(config: ClientConfig): Promise<Client> {
  const client = new Client(config);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT txid_current()');
  return client;
}

/** As `deriveSettings` has it; PostgreSQL's own is 5 s. */
const RETRY = '500ms';

describe.each(PAIRS)('what disturbs a fence, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to], { settings: { max_prepared_transactions: '5' } });

  /** The walk is undone, and the old writer works as before; then the cutover succeeds. */
  const undone = async (walk: Promise<unknown>): Promise<string> => {
    const before = shop.lab.active;
    const failure = await failureOf(walk);
    expect(shop.lab.active).toBe(before);
    await expectWhole(shop.lab, shop.writers);
    await shop.lab.followed();
    return failure;
  };

  test('a superuser who writes to the fenced writer is found, and the walk undone', async () => {
    const plan = onwards(shop.lab);
    const side = shop.lab.side(plan.from);
    const said = await undone(
      walkWith(shop.lab, plan, { step: 'open', edge: 'before' }, () =>
        asSuperuser(
          side,
          `SET synchronous_commit = off; INSERT INTO shop.customers (name) VALUES ('foreign')`,
        ),
      ),
    );
    expect(said).toMatch(
      new RegExp(
        `^UNDONE: the fenced database on '${plan.from}' must not be written to, got transaction \\d+ at [0-9A-F/]+ on shop\\.customers; find out who wrote before you try again; everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
    await goOn(shop.lab, onwards(shop.lab));
    await expectWhole(shop.lab, shop.writers);
  });

  test('a superuser’s session is refused', async () => {
    const plan = onwards(shop.lab);
    const session = await shop.lab.side(plan.from).superuser();
    await session.query(`SET application_name = 'psql'`);
    const { rows } = await session.query('SELECT pg_backend_pid() AS pid');
    const walk = walkWith(shop.lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk)).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no superuser is at work on the old writer: closed, got 'rdsadmin' (psql), process ${rows[0].pid}; ask them to leave: no fence ends their session`,
    );
    await session.end();
  });

  test('a superuser who comes behind the fence stops the walk', async () => {
    const plan = onwards(shop.lab);
    const sessions: { end(): Promise<void> }[] = [];
    const said = await undone(
      walkWith(shop.lab, plan, { step: 'quiet', edge: 'before' }, async () => {
        sessions.push(await shop.lab.side(plan.from).superuser());
      }),
    );
    await Promise.all(sessions.map((session) => session.end()));
    expect(said).toMatch(
      new RegExp(
        `^UNDONE: the database on '${plan.from}' must hold no session that a fence does not end, got superuser 'rdsadmin', process \\d+; end it: no fence keeps a superuser out, and no list admits one; everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
  });

  test('a long transaction before the fence is waited for, and not for ever', async () => {
    const plan = onwards(shop.lab, { transactionSeconds: 1 });
    const client = await openTransaction(shop.lab.application());
    expect(await failureOf(goOn(shop.lab, plan))).toBe(
      'OUT_OF_TIME: cannot make the slot that watches the fence: it must end within the 1 s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again',
    );
    await client.query('COMMIT');
    await client.end();
    await expectWhole(shop.lab, shop.writers);
  });

  test('a long transaction that holds the fence up is ended, and its session with it', async () => {
    const plan = onwards(shop.lab);
    const held: Client[] = [];
    await walkWith(shop.lab, plan, { step: 'prepare', edge: 'after' }, async () => {
      held.push(await openTransaction(shop.lab.application()));
    });
    for (const client of held)
      await expect(client.query('COMMIT')).rejects.toThrow(
        'Client has encountered a connection error and is not queryable',
      );
    await expectWhole(shop.lab, shop.writers);
  });

  test('a prepared transaction is refused behind the fence', async () => {
    const plan = onwards(shop.lab);
    const side = shop.lab.side(plan.from);
    const said = await undone(
      walkWith(shop.lab, plan, { step: 'prepare', edge: 'after' }, () =>
        asSuperuser(side, `BEGIN; UPDATE shop.customers SET name = name; PREPARE TRANSACTION 'p1'`),
      ),
    );
    expect(said).toBe(
      `UNDONE: the fenced database on '${plan.from}' must hold no prepared transaction, got 'p1' of 'rdsadmin'; commit it or roll it back; everything was taken back, and '${plan.from}' works as before`,
    );
    const walk = walkWith(shop.lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk)).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no transaction is long or prepared: closed, got the prepared transaction 'p1'; end it`,
    );
    await asSuperuser(side, `ROLLBACK PREPARED 'p1'`);
    expect(await goOn(shop.lab, plan)).toEqual([]);
  });

  test('a transaction in another database of the new writer that holds up its slot spends the budget', async () => {
    const plan = onwards(shop.lab, { budgetMs: 6_000 });
    const held: Client[] = [];
    const walk = walkWith(shop.lab, plan, { step: 'stop-forward', edge: 'before' }, async () => {
      held.push(await openTransaction(shop.lab.side(plan.to).server.controlConfig('postgres')));
    });
    const said = await undone(walk);
    await Promise.all(held.map((client) => client.end()));
    expect(said).toMatch(
      new RegExp(
        `^UNDONE: cannot make slot '(forward|backward)' on '${plan.to}': it must end within the \\d s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again; everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
  });

  test('a change of the schema behind the gates is seen', async () => {
    const plan = onwards(shop.lab);
    const side = shop.lab.side(plan.from);
    const said = await undone(
      walkWith(shop.lab, plan, { step: 'prepare', edge: 'after' }, () =>
        side.admin.query('CREATE TABLE shop.new (id int PRIMARY KEY)'),
      ),
    );
    expect(said).toBe(
      `UNDONE: the schemas must not change while writers are switched, got on '${plan.to}': table shop.new is missing; replica identity shop.new is missing; column shop.new.id is missing; index shop.new_pkey is missing; constraint shop.new.new_pkey is missing; make the same change on the other server, or copy the schema again; everything was taken back, and '${plan.from}' works as before`,
    );
    await side.admin.query('DROP TABLE shop.new');
  });

  if (ALL)
    test('a foreign row on the new writer keeps the old one’s row out, and the budget ends the walk', async () => {
      const plan = onwards(shop.lab, { budgetMs: 6_000 });
      const [here, there] = [shop.lab.side(plan.from), shop.lab.side(plan.to)];
      const said = await undone(
        walkWith(shop.lab, plan, { step: 'prepare', edge: 'after' }, async () => {
          await asSuperuser(there, FOREIGN_ROW);
          await here.admin.query(FOREIGN_ROW);
        }).finally(() => asSuperuser(there, 'DELETE FROM shop.customers WHERE id = 99')),
      );
      expect(said).toMatch(
        new RegExp(
          `^UNDONE: '${plan.to}' must have everything that was written on '${plan.from}' up to [0-9A-F/]+ within \\d\\.\\d+ s, got slot '${plan.forward[0]?.slotName}' confirmed up to [0-9A-F/]+(, and then no answer)?; look at the lag and at the log of the receiver; everything was taken back, and '${plan.from}' works as before$`,
        ),
      );
    });

  test('an endpoint that fails is left where it was', async () => {
    const plan = onwards(shop.lab);
    const services = await shop.lab.services();
    const endpoint = {
      ...services.endpoint,
      activate: async (server: string) => {
        if (server === plan.to) throw new Error('the name server said no');
        await services.endpoint.activate(server);
      },
    };
    const walk = cutover({ plan, owner: OWNER }, { ...services, endpoint });
    expect(await undone(walk.finally(() => services.close()))).toBe(
      `UNDONE: the name server said no; everything was taken back, and '${plan.from}' works as before`,
    );
  });

  if (ALL)
    test('an endpoint that never answers spends the budget, and the fence falls nevertheless', async () => {
      const plan = onwards(shop.lab, { budgetMs: 6_000 });
      const services = await shop.lab.services();
      const endpoint = {
        ...services.endpoint,
        activate: async (server: string, { signal }: EndpointCall = {}) => {
          if (server === plan.to)
            await new Promise<never>((_resolve, reject) => {
              signal?.addEventListener('abort', () => reject(signal.reason as Error));
            });
          await services.endpoint.activate(server);
        },
      };
      const walk = cutover({ plan, owner: OWNER }, { ...services, endpoint });
      expect(await undone(walk.finally(() => services.close()))).toMatch(
        new RegExp(
          `^UNDONE: cannot send clients to the new writer: it must end within the \\d s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again; everything was taken back, and '${plan.from}' works as before$`,
        ),
      );
    });

  test('an endpoint that switches after it was given up is switched back', async () => {
    const plan = onwards(shop.lab, { budgetMs: 6_000 });
    const services = await shop.lab.services();
    const sent: string[] = [];
    let comeLate = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      comeLate = resolve;
    });
    const endpoint = {
      ...services.endpoint,
      activate: async (server: string) => {
        if (server === plan.to) await late;
        await services.endpoint.activate(server);
        sent.push(server);
      },
    };
    const notes: string[] = [];
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind !== 'note' || sent.includes(plan.to)) return;
      notes.push(event.text);
      if (!event.text.endsWith('is open again')) return;
      await untilWritten(shop.writers);
      comeLate();
    };
    const walk = cutover({ plan, owner: OWNER }, { ...services, endpoint, onEvent });
    expect(await undone(walk.finally(() => services.close()))).toMatch(
      /^UNDONE: cannot send clients to the new writer: /,
    );
    expect(notes).toContain(`'${plan.from}' is open again`);
    expect(sent).toEqual([plan.from, plan.to, plan.from]);
  });

  test('an expired fence is lifted by whoever gives the walk up, and passed by nobody', async () => {
    const plan = onwards(shop.lab, { budgetMs: 6_000 });
    await killedAt(shop.lab, plan, { step: 'reverse', edge: 'after' });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const services = await shop.lab.services();
    const walk = cutover({ plan, owner: OWNER }, services).finally(() => services.close());
    expect(await undone(walk)).toBe(
      `UNDONE: the fence on '${plan.from}' must be lifted or passed before its deadline, got one that has passed; run the cutover again; everything was taken back, and '${plan.from}' works as before`,
    );
    await killedAt(shop.lab, plan, { step: 'reverse', edge: 'after' });
    expect(await alone(shop.lab, (own) => abandon({ plan, owner: OWNER }, own))).toBe(true);
    await expectWhole(shop.lab, shop.writers);
    expect(await goOn(shop.lab, onwards(shop.lab))).toEqual([]);
  });

  test('two operators: the second is refused, in either direction', async () => {
    const plan = onwards(shop.lab);
    const held: string[] = [];
    await walkWith(shop.lab, plan, { step: 'catch-up', edge: 'before' }, async () => {
      for (const other of [plan, back(plan)]) {
        const second = await shop.lab.services();
        held.push(
          await failureOf(
            cutover({ plan: other, owner: 'another' }, second).finally(() => second.close()),
          ),
        );
      }
    });
    expect(held).toEqual(
      [plan.from, plan.to].map(
        (server) =>
          `HELD: the cutover of 'shop' must have one operator, got another at work on '${server}' (pontoon test); wait until it has ended`,
      ),
    );
    await expectWhole(shop.lab, shop.writers);
  });

  test('what another began is gone on with by them, or taken over', async () => {
    const plan = onwards(shop.lab);
    await killedAt(shop.lab, plan, { step: 'fence', edge: 'after' });
    const said = await alone(shop.lab, (services) =>
      failureOf(cutover({ plan, owner: 'another' }, services)),
    );
    expect(said).toBe(
      `HELD: the cutover of 'shop' must be gone on with by 'test', who began it, got 'another'; ask them, or take it over`,
    );
    const services = await shop.lab.services();
    await cutover({ plan, owner: 'another', takeOver: true }, services);
    await services.close();
    await expectWhole(shop.lab, shop.writers);
  });

  test('a walsender that is killed costs moments, not the budget', async () => {
    const plan = onwards(shop.lab);
    const retry = (change: string) =>
      asSuperuser(shop.lab.side(plan.to), `ALTER SYSTEM ${change}`).then(() =>
        asSuperuser(shop.lab.side(plan.to), 'SELECT pg_reload_conf()'),
      );
    await retry(`SET wal_retrieve_retry_interval = '${RETRY}'`);
    const services = await shop.lab.services();
    let took = 0;
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'step' && event.step.id === 'catch-up')
        await asSuperuser(
          shop.lab.side(plan.from),
          `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${plan.forward[0]?.slotName}'`,
        );
      if (event.kind === 'done' && event.step.id === 'catch-up') took = event.tookMs;
    };
    await cutover({ plan, owner: OWNER }, { ...services, onEvent });
    await services.close();
    await retry('RESET wal_retrieve_retry_interval');
    expect(took).toBeLessThan(1_000);
    await expectWhole(shop.lab, shop.writers);
  });

  test('credentials that are rotated in mid-flight are followed', async () => {
    const plan = onwards(shop.lab);
    await walkWith(shop.lab, plan, { step: 'reverse', edge: 'before' }, () => shop.lab.rotate());
    await expectWhole(shop.lab, shop.writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
