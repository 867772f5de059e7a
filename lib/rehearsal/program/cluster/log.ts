import { waitUntil } from '../../../runner';
import type { Server } from '../../servers';
import { asSuperuser } from '../../source';

const REPLAYED_MS = 60_000;

/** Waits until `standbys` have replayed all that `writer` has written. */
export async function untilReplayed(writer: Server, standbys: readonly Server[]): Promise<void> {
  await flush(writer);
  const lsn = await positionOf(writer);
  for (const standby of standbys)
    await asSuperuser(standby, 'postgres', async (client) => {
      await waitUntil({
        what: `'${standby.name}' must have replayed ${lsn}`,
        wayOut: 'look at the logs of the servers',
        deadlineMs: REPLAYED_MS,
        probe: async () => {
          const { rows } = await client.query<{ at: string; done: boolean }>(
            'SELECT pg_last_wal_replay_lsn()::text AS at, pg_last_wal_replay_lsn() >= $1::pg_lsn AS done',
            [lsn],
          );
          const [row] = rows;
          return row?.done === true
            ? { done: true, value: undefined }
            : { done: false, reason: String(row?.at) };
        },
      });
    });
}

/** Without it the last commits that waited for no flush are visible here, and not yet in the log that is sent. */
export async function flush(writer: Server): Promise<void> {
  await asSuperuser(writer, 'postgres', async (client) => {
    await client.query('SET synchronous_commit = local');
    await client.query("SELECT pg_logical_emit_message(true, 'pontoon', 'flush')");
  });
}

/** Where the log of a primary ends on its disk. */
export async function positionOf(primary: Server): Promise<string> {
  return await asSuperuser(primary, 'postgres', async (client) => {
    const { rows } = await client.query<{ lsn: string }>(
      'SELECT pg_current_wal_flush_lsn()::text AS lsn',
    );
    return rows[0]?.lsn ?? '';
  });
}

/** Whether `server` keeps its log for who reads from `slot`. */
export async function hasSlot(server: Server, slot: string): Promise<boolean> {
  return await asSuperuser(server, 'postgres', async (client) => {
    const { rowCount } = await client.query(
      'SELECT FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    return rowCount === 1;
  });
}
