import { Client } from 'pg';
import { cutover, status } from '../../../lib/runner';
import { asSuperuser, failureOf, OWNER, walkWith } from '../../faults/walks';
import { CutoverLab, type Side } from './lab';

describe('what the slot of the way back would wait for', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([17, 17], {
      settings: { max_prepared_transactions: '5', autovacuum: 'off' },
    });
  });
  afterAll(() => lab.stop());

  /** Does `what` while a transaction that has written is open in another database of `side`. */
  const whileOpen = async <Result>(side: Side, what: () => Promise<Result>): Promise<Result> => {
    const client = new Client(side.server.controlConfig('postgres'));
    await client.connect();
    await client.query('BEGIN; CREATE TEMP TABLE written (id int)');
    return await what().finally(() => client.end());
  };

  /** What the gate says if nothing may be older than a moment. */
  const found = async (): Promise<string> => {
    const services = await lab.services();
    const plan = lab.plan({ transactionSeconds: 0.01 });
    const { gates } = await status({ plan }, services).finally(() => services.close());
    const gate = gates.find(({ id }) => id === 'transactions');
    return `${gate?.status}: ${gate?.found}`
      .replace(/for \d+ s/, 'for N s')
      .replace(/process \d+/, 'process N');
  };

  /** How a walk fails that is disturbed as it makes ready, and which steps it took. */
  const disturbed = async (limits: object, what: () => Promise<unknown>): Promise<string> => {
    const steps: string[] = [];
    const services = await lab.services();
    const onEvent = async (event: { readonly kind: string; readonly step?: { id: string } }) => {
      if (event.kind !== 'step') return;
      steps.push(String(event.step?.id));
      if (event.step?.id === 'prepare') await what();
    };
    const walk = cutover({ plan: lab.plan(limits), owner: OWNER }, { ...services, onEvent });
    const said = await failureOf(walk.finally(() => services.close()));
    return `${steps.join(', ')}: ${said}`;
  };

  test('closes a gate, in whichever database of either server it is', async () => {
    expect(await whileOpen(lab.green, found)).toBe(
      `closed: a transaction of 'rdsadmin' in database 'postgres' on 'green', open for N s (process N), for whose end a new slot there would wait`,
    );
    expect(await whileOpen(lab.blue, found)).toBe(
      `closed: a transaction of 'rdsadmin' in database 'postgres' on 'blue', open for N s (process N), for whose end a new slot there would wait`,
    );
    await asSuperuser(
      lab.green,
      `BEGIN; CREATE TABLE public.written (id int); PREPARE TRANSACTION 'p1'`,
    );
    const prepared = await found();
    await asSuperuser(lab.green, `ROLLBACK PREPARED 'p1'`);
    expect(prepared).toBe(
      `closed: the prepared transaction 'p1' of 'rdsadmin' in database 'app' on 'green', open for N s, for whose end a new slot there would wait`,
    );
    expect(await found()).toBe('open: as it must be');
  });

  test('is found before the fence if it begins behind the gates', async () => {
    const clients: Client[] = [];
    const said = await disturbed({ transactionSeconds: 4 }, async () => {
      const client = new Client(lab.green.server.controlConfig('postgres'));
      clients.push(client);
      await client.connect();
      await client.query('BEGIN; CREATE TEMP TABLE written (id int)');
    });
    for (const client of clients) await client.end();
    expect(said).toBe(
      `gates, prepare: OUT_OF_TIME: cannot make a slot on 'green', as the way back will need one: it must end within the 4 s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again`,
    );
  });

  test('is found before the fence if there is no place for a slot', async () => {
    const said = await disturbed({}, () =>
      asSuperuser(
        lab.green,
        `SELECT pg_create_physical_replication_slot('full_' || i) FROM generate_series(1, current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots)) i`,
      ),
    );
    const slots = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'full%'`;
    await asSuperuser(lab.green, slots);
    expect(said).toBe(
      `gates, prepare: SQL: cannot make a slot on 'green', as the way back will need one: the server said "all replication slots are in use" (Free one or increase "max_replication_slots".) [53400]`,
    );
  });

  test('leaves no slot behind, and the cutover succeeds without', async () => {
    const slots = async () =>
      await asSuperuser(lab.green, 'SELECT slot_name AS name FROM pg_replication_slots');
    const seen: unknown[] = [];
    const walk = walkWith(lab, lab.plan(), { step: 'prepare', edge: 'after' }, async () => {
      seen.push(await slots());
    });
    expect(await walk).toMatchObject({ result: 'opened' });
    expect(seen).toEqual([[]]);
    expect(await slots()).toEqual([{ name: 'backward' }]);
  });
});
