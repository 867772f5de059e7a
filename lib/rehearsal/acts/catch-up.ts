import type { ClientBase } from 'pg';
import { waitUntil } from '../../runner';
import { measureLatency } from '../workload/latency';
import type { Act } from './act';
import { CATCH_UP_MS } from './scene';

/** Stops the applications, and waits for their last change. */
export const catchUp: Act = {
  name: 'catch-up',
  title: 'Catch up',
  async play(scene, workload) {
    const { source, table } = workload;
    await workload.stopWriting();
    const { findings, chain } = scene.context;
    const back = findings.switches.at(-1)?.to === chain.target;
    await scene.withBoth(source.server, async (old, target) => {
      const [writer, follower] = back ? [target, old] : [old, target];
      // A row that is written after all others arrives after all others that come its way.
      await measureLatency(writer, follower, {
        table,
        rounds: 1,
        pauseMs: 0,
        deadlineMs: CATCH_UP_MS,
      });
      if (chain.shared) await untilConfirmed(writer);
    });
  },
};

/** Waits until whoever reads a slot has confirmed what was written until now. */
async function untilConfirmed(writer: ClientBase): Promise<void> {
  const { rows } = await writer.query<{ lsn: string }>(
    'SELECT pg_catalog.pg_current_wal_lsn()::text AS lsn',
  );
  await waitUntil({
    what: 'every part must have arrived',
    wayOut: 'look at the logs of the servers',
    deadlineMs: CATCH_UP_MS,
    probe: async () => {
      const { rows: behind } = await writer.query<{ name: string }>(
        "SELECT slot_name AS name FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' AND active AND confirmed_flush_lsn < $1",
        [rows[0]?.lsn],
      );
      return behind.length === 0
        ? { done: true, value: undefined }
        : { done: false, reason: `${behind.map(({ name }) => name).join(', ')} behind` };
    },
  });
}
