import { Client } from 'pg';
import type { LagSample } from '../../../lib/rehearsal';
import { createStandby, LOOPBACK_HBA, type Server } from '../../../lib/rehearsal/servers';
import { asSuperuser } from '../../../lib/rehearsal/source';
import { Sampler } from '../../../lib/rehearsal/workload/sampler';
import { waitUntil } from '../../../lib/runner';
import { startTestServer, type TestServer } from '../../servers';

let source: TestServer;
let standby: Server;

beforeAll(async () => {
  source = await startTestServer({
    settings: { wal_level: 'logical' },
  });
  const made = await createStandby(source.workspace, {
    name: 'standby',
    upstream: source.server,
    slot: 'standby',
    role: source.server.superuser,
    settings: { wal_level: 'logical', hot_standby_feedback: 'on' },
    hba: LOOPBACK_HBA,
  });
  standby = made.server;
  await standby.start();
});
afterAll(() => source.stop());

/** Runs a sampler until `done` says that it has seen enough. */
async function sampled(
  options: { standby?: () => Server | undefined; written?: () => number; now?: () => number },
  done: (samples: readonly LagSample[]) => boolean,
): Promise<readonly LagSample[]> {
  const samples: LagSample[] = [];
  const sampler = new Sampler({
    source: source.server,
    standby: () => undefined,
    now: () => 1,
    written: () => 0,
    ...options,
    onSample: (sample) => samples.push(sample),
  });
  await waitUntil({
    what: 'the sampler must see it',
    deadlineMs: 60_000,
    probe: async () =>
      done(samples)
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(samples.at(-1)) },
  });
  await sampler.stop();
  return samples;
}

test('has no lag of a standby that is not there yet', async () => {
  const [first] = await sampled({}, ({ length }) => length > 0);
  // The first rate is known after a second.
  expect(first).toEqual({ atSeconds: 1, writesPerSecond: 0 });
});

test('tells how far a standby is behind, in bytes', async () => {
  const samples = await sampled({ standby: () => standby }, (all) =>
    all.some(({ sourceToStandbyBytes }) => sourceToStandbyBytes === 0),
  );
  // Without a slot for changes there is no lag of a target.
  expect(samples.every(({ standbyToTargetBytes }) => standbyToTargetBytes === undefined)).toBe(
    true,
  );
});

test('tells how far behind the standby its slot is, in bytes', async () => {
  const client = await source.client();
  let made = false;
  const making = asSuperuser(standby, 'postgres', async (there) => {
    await there.query(`SELECT pg_create_logical_replication_slot('changes', 'pgoutput')`);
  }).finally(() => {
    made = true;
  });
  // The slot waits for the source's word on its running transactions.
  await waitUntil({
    what: 'the slot must be made',
    deadlineMs: 60_000,
    probe: async () => {
      await client.query('SELECT pg_log_standby_snapshot()');
      return made ? { done: true, value: undefined } : { done: false, reason: 'not yet' };
    },
  });
  await making;
  await client.query(
    `CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 100)`,
  );
  const behind = ({ standbyToTargetBytes = 0 }: LagSample): boolean =>
    standbyToTargetBytes > 100_000;
  await sampled({ standby: () => standby }, (all) => all.some(behind));
});

test('tells the rows that are written in a second, once a second has passed', async () => {
  let looks = 0;
  const now = () => {
    looks += 1;
    return looks / 4;
  };
  const samples = await sampled({ now, written: () => looks * 25 }, (all) =>
    all.some(({ writesPerSecond }) => writesPerSecond !== undefined),
  );
  expect(samples[0]?.writesPerSecond).toBeUndefined();
  expect(samples.at(-1)?.writesPerSecond).toBeGreaterThanOrEqual(95);
});

test('throws what ended it when it is stopped, not before', async () => {
  let asked = (): void => undefined;
  const counted = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const sampler = new Sampler({
    source: source.server,
    standby: () => undefined,
    now: () => 0,
    written: () => {
      asked();
      throw new Error('nobody counts');
    },
    onSample: () => undefined,
  });
  await counted;
  await expect(sampler.stop()).rejects.toThrow(new Error('nobody counts'));
});

test('tells the lag of the target where no standby is in between, whatever watches a fence', async () => {
  const client = await source.client();
  await client.query(
    `SELECT pg_create_logical_replication_slot(name, 'test_decoding') FROM unnest(ARRAY['forward', 'pontoon_fence_x']) AS name`,
  );
  await client.query(`SELECT pg_logical_emit_message(true, 'x', repeat('y', 100000))`);
  await client.query(
    `SELECT count(*) FROM pg_logical_slot_get_changes('forward', NULL, NULL, 'skip-empty-xacts', '1')`,
  );
  const samples = await sampled({}, (all) => all.length > 0);
  expect(samples[0]?.sourceToTargetBytes).toBeLessThan(100_000);
  await client.query(
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name IN ('forward', 'pontoon_fence_x')`,
  );
});

test('has no lag of a standby that is being stopped, and goes on', async () => {
  const staying = new Client(standby.controlConfig());
  await staying.connect();
  // A smart shutdown waits for its sessions, and lets nobody in any more.
  process.kill(standby.pid ?? 0, 'SIGTERM');
  await waitUntil({
    what: 'the standby must be stopping',
    deadlineMs: 60_000,
    probe: async () => {
      const late = new Client(standby.controlConfig());
      const code = await late.connect().then(
        () => 'none',
        (error) => error.code,
      );
      await late.end();
      return code === '57P03' ? { done: true, value: undefined } : { done: false, reason: code };
    },
  });
  const samples = await sampled({ standby: () => standby }, ({ length }) => length > 1);
  expect(samples.map(({ sourceToStandbyBytes }) => sourceToStandbyBytes)).toEqual(
    samples.map(() => undefined),
  );
  await staying.end();
});
