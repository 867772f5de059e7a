import type { CutoverPlan } from '../../lib/postgres';
import { type CutoverEvent, checkCutover, cutover, status } from '../../lib/runner';
import { contradictions, JournalWriter, untilWritten } from '../runner/cutover/writer';
import type { HybridChain, Link } from '../runner/hybrid-chain';
import { HybridLab } from './hybrid-lab';
import { ALL } from './matrix';
import { failureOf } from './walks';

const MAJORS = ALL ? [16, 17, 18] : [17];

/**
 * Takes the slot on B away from under its reader: A, of which B asks nothing any more, cleans its catalog up. Behind a
 * fence A does not, since the slot that watches the fence lies there.
 */
async function conflict({ a, b }: HybridChain): Promise<void> {
  await change(b, 'hot_standby_feedback = off');
  await a.until(
    `SELECT catalog_xmin IS NULL FROM pg_replication_slots WHERE slot_name = 'b'`,
    true,
  );
  await b.until(LOST, 'lost', async () => {
    for (const text of ['CREATE TABLE gone ()', 'DROP TABLE gone', 'VACUUM pg_catalog.pg_class'])
      await a.value(text);
  });
  await b.value('ALTER SYSTEM RESET hot_standby_feedback');
  await b.value('SELECT pg_reload_conf()');
}

/** Has B throw away what its slot has not sent. */
async function exhaust(chain: HybridChain): Promise<void> {
  const { a, b } = chain;
  await chain.asTargetSuperuser('ALTER SUBSCRIPTION forward DISABLE');
  await change(b, `max_slot_wal_keep_size = '16MB'`);
  await b.value(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'c' AND active`,
  );
  await b.until(LOST, 'lost', async () => {
    await a.value(
      `SELECT count(pg_logical_emit_message(false, 'fill', repeat('x', 1000000))) FROM generate_series(1, 40)`,
    );
    for (const text of ['SELECT pg_switch_wal()', 'CHECKPOINT']) await a.client.query(text);
    await chain.replayed();
    await b.client.query('CHECKPOINT');
  });
  await b.value('ALTER SYSTEM RESET max_slot_wal_keep_size');
  await b.value('SELECT pg_reload_conf()');
}

const LOST = `SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'c'`;

async function change({ client }: Link, setting: string): Promise<void> {
  await client.query(`ALTER SYSTEM SET ${setting}`);
  await client.query('SELECT pg_reload_conf()');
}

describe.each(MAJORS)('a cutover along A, its standby B and C on PostgreSQL %i', (major) => {
  let lab: HybridLab;
  let chain: HybridChain;
  const writers: JournalWriter[] = [];
  beforeAll(async () => {
    lab = await HybridLab.start(major);
    ({ chain } = lab);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
  });

  /** A walk that is undone, after which A works as before. */
  const failure = async (plan: CutoverPlan, fault: () => Promise<void>): Promise<string> => {
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'step' && event.step.id === 'catch-up') await fault();
    };
    const services = await lab.services();
    const walk = cutover({ plan, owner: 'test' }, { ...services, onEvent });
    const said = await failureOf(walk.finally(() => services.close()));
    expect(lab.active).toBe('onPremises');
    await works();
    return said;
  };

  const gates = async (plan: CutoverPlan): Promise<void> => {
    const services = await lab.services();
    await checkCutover({ plan, owner: 'test' }, services).finally(() => services.close());
  };

  /** Applications write to A. */
  const works = async (): Promise<void> => {
    const writer = add(writers.length);
    await untilWritten([writer]).finally(() => writer.stop());
  };

  const add = (client: number): JournalWriter => {
    const writer = new JournalWriter(client, () => lab.application(), 1);
    writers.push(writer);
    return writer;
  };

  test('waits at the gate while the standby lies behind', async () => {
    const whole = lab.plan();
    const plan = { ...whole, limits: { ...whole.limits, lagBytes: 100_000 } };
    await lab.followed();
    await chain.b.value('SELECT pg_wal_replay_pause()');
    await chain.b.until('SELECT pg_get_wal_replay_pause_state()', 'paused');
    await chain.a.value(`SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))`);
    try {
      expect(await failureOf(gates(plan))).toMatch(
        /^GATES_CLOSED: every gate of the cutover of 'chain' must be open, got:\n- the new writer follows closely: closed, got 'standby' 1\d{6} bytes behind 'onPremises', more than 100000; wait, or look at what holds the receiver up$/,
      );
    } finally {
      await chain.b.value('SELECT pg_wal_replay_resume()');
    }
  });

  test('is undone when the slot on the standby is lost behind the fence', async () => {
    const plan = lab.plan();
    await lab.followed();
    expect(await failure(plan, () => exhaust(chain))).toBe(
      `UNDONE: slot 'c' on 'standby' must be there, got one whose WAL is gone; what it had not sent is missing on the new writer: raise max_slot_wal_keep_size there, and replicate from the start again; everything was taken back, and 'onPremises' works as before`,
    );
  });

  test('does not begin with a slot that was invalidated', async () => {
    const plan = lab.plan();
    await lab.replicateAgain();
    await lab.followed();
    await conflict(chain);
    const found =
      major === 16
        ? 'its primary removed what it needs: set hot_standby_feedback = on there and wal_level = logical on the primary'
        : 'its primary removed rows of the catalog that it needs: set hot_standby_feedback = on there';
    expect(await failureOf(gates(plan))).toBe(
      `GATES_CLOSED: every gate of the cutover of 'chain' must be open, got:\n- the new writer follows closely: closed, got slot 'c' on 'standby' that was invalidated, since ${found}, and replicate from the start again; wait, or look at what holds the receiver up`,
    );
    await works();
  });

  test('does not begin when wal_level was lowered on A, and B has lost its slot', async () => {
    const plan = lab.plan();
    await lab.replicateAgain();
    await lab.followed();
    // A starts like that, since the logical slot is not its own.
    await chain.restartSource({ wal_level: 'replica' });
    await chain.b.until(LOST, 'lost');
    const lost =
      major === 16
        ? 'its primary removed what it needs: set hot_standby_feedback = on there and wal_level = logical on the primary'
        : 'its primary no longer writes what it needs: set wal_level = logical on the primary';
    const said = await failureOf(gates(plan));
    expect(said).toContain(
      `- the new writer follows closely: closed, got slot 'c' on 'standby' that was invalidated, since ${lost}, and replicate from the start again; wait, or look at what holds the receiver up`,
    );
    expect(said).toContain(`got wal_level = replica on 'onPremises'`);
    await works();
    await chain.restartSource({ wal_level: 'logical' });
  });

  test('succeeds once it is replicated from the start again: there, back, and once more', async () => {
    await lab.replicateAgain();
    const busy = [0, 1, 2].map(() => add(writers.length));
    await untilWritten(busy, 20);
    const [plan, back] = [lab.plan(), lab.back()];
    const services = await lab.services();
    for (const one of [plan, back, plan, back]) {
      await lab.followed();
      const outcome = await cutover({ plan: one, owner: 'test' }, services);
      expect(outcome.result).toBe('opened');
      expect(lab.active).toBe(one.to);
      await untilWritten(busy, 20);
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await contradictions(chain.a.client, writers)).toEqual([]);
    await chain.c.until(
      'SELECT count(*)::int FROM shop.orders',
      await chain.a.value('SELECT count(*)::int FROM shop.orders'),
    );
    expect(await contradictions(chain.c.client, writers)).toEqual([]);
    const found = await status({ plan: back }, services).finally(() => services.close());
    expect(found).toMatchObject({ phase: 'open', writer: 'onPremises' });
  });
});
