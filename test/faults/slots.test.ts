import { type CutoverPlan, LinkKind } from '../../lib/postgres';
import type { ReplicationTask } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { ALL } from './matrix';
import { asSuperuser, expectWhole, failureOf, onwards, walkWith } from './walks';

/** More log than a slot may hold back. */
const MUCH_LOG = `SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000)) FROM generate_series(1, 40); SELECT pg_switch_wal(); CHECKPOINT; SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000)) FROM generate_series(1, 40); SELECT pg_switch_wal(); CHECKPOINT`;

describe('a slot whose log is gone', () => {
  let lab: CutoverLab;
  let writer: JournalWriter;
  beforeEach(async () => {
    lab = await CutoverLab.start([17, 17], {
      settings: { max_slot_wal_keep_size: '32MB', min_wal_size: '32MB', max_wal_size: '48MB' },
    });
    writer = new JournalWriter(0, () => lab.application(), 5);
    await untilWritten([writer]);
  });
  afterEach(async () => {
    await writer.stop();
    await lab.stop();
  });

  const exhaust = async () => {
    await asSuperuser(lab.green, 'ALTER SUBSCRIPTION forward DISABLE');
    await asSuperuser(
      lab.blue,
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active`,
    );
    for (const statement of MUCH_LOG.split('; ')) await asSuperuser(lab.blue, statement);
    const [slot] = await asSuperuser(
      lab.blue,
      `SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'forward'`,
    );
    expect(slot).toEqual({ wal_status: 'lost' });
  };

  const lostBehindTheFence = async (plan: CutoverPlan, task?: ReplicationTask): Promise<void> => {
    const services = task === undefined ? {} : { task };
    const walk = walkWith(lab, plan, { step: 'catch-up', edge: 'before' }, exhaust, services);
    expect(await failureOf(walk)).toBe(
      `UNDONE: slot 'forward' on 'blue' must be there, got one whose WAL is gone; what it had not sent is missing on the new writer: raise max_slot_wal_keep_size there, and replicate from the start again; everything was taken back, and 'blue' works as before`,
    );
    await expectWhole(lab, [writer]);
  };

  test('ends the walk at once if it is lost behind the fence', async () => {
    await lostBehindTheFence(onwards(lab, { budgetMs: 120_000 }));
  });

  if (ALL) {
    test('closes the gate', async () => {
      await exhaust();
      await asSuperuser(lab.green, 'ALTER SUBSCRIPTION forward ENABLE');
      const walk = walkWith(
        lab,
        lab.plan(),
        { step: 'gates', edge: 'after' },
        async () => undefined,
      );
      expect(await failureOf(walk)).toBe(
        `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- the new writer follows closely: closed, got slot 'forward' on 'blue' whose WAL is gone: raise max_slot_wal_keep_size there, and replicate from the start again; wait, or look at what holds the receiver up`,
      );
      await expectWhole(lab, [writer]);
    });

    test('ends the walk at once if it is the one of AWS DMS', async () => {
      const forward = onwards(lab).forward.map(({ slotName, decoder }) => {
        return { kind: LinkKind.DMS, slotName, decoder } as const;
      });
      await lostBehindTheFence({ ...onwards(lab), forward }, idleTask);
    });
  }
});

/** Stands in for a task of AWS DMS, of which only the slot matters here: a subscription reads it. */
const idleTask: ReplicationTask = {
  requestStop: async () => undefined,
  untilStopped: async () => undefined,
  resume: async () => undefined,
  tables: async () =>
    ['shop.orders', 'shop.counters', 'shop.customers', 'pontoon.canary'].map((table) => {
      const [schema = '', name = ''] = table.split('.');
      return { schema, name, state: 'Table completed' };
    }),
};
