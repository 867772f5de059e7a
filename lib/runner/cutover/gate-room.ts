import {
  LinkKind,
  type ReplicationPath,
  type Room,
  type RoomSetting,
  room,
  slotState,
} from '../../postgres';
import type { CutoverContext } from './context';
import type { GateFinding } from './gate-schemas';
import { sqlOf, subscriptionOf } from './paths';

/** How much a server must have left. */
type Needs = Partial<Record<RoomSetting, number>>;

const CALLED: Readonly<Record<RoomSetting, string>> = {
  max_replication_slots: 'replication slots',
  max_wal_senders: 'WAL senders',
  max_logical_replication_workers: 'workers of logical replication',
  max_worker_processes: 'worker processes',
};

/**
 * Every path of the way back needs a slot, somebody who sends and somebody who applies, all at once and behind the fence:
 * a worker for which there is no place is not started, and nothing but the server's log says so.
 */
export async function lookAtRoom(context: CutoverContext): Promise<GateFinding> {
  const short: { readonly found: string; readonly wayOut: string }[] = [];
  for (const [server, needs] of await needsOf(context)) {
    // The statement's columns are those of the type.
    const rooms = (await context.run(server, room())) as unknown as readonly Room[];
    for (const { setting, most, used } of rooms) {
      const needed = needs[setting] ?? 0;
      if (needed === 0 || most - used >= needed) continue;
      short.push({
        found: `${Math.max(0, most - used)} of ${most} ${CALLED[setting]} left on '${server}', where the way back needs ${needed}`,
        wayOut: `raise ${setting} on '${server}' to ${used + needed} at least`,
      });
    }
  }
  if (short.length === 0) return undefined;
  const wayOuts = short.map(({ wayOut }) => wayOut).join(', ');
  return {
    closed: short.map(({ found }) => found).join(', and '),
    wayOut: `${wayOuts}, which takes effect when it is restarted, or end what takes a place for nothing`,
  };
}

async function needsOf(context: CutoverContext): Promise<ReadonlyMap<string, Needs>> {
  const needs = new Map<string, Needs>();
  const need = (server: string, setting: RoomSetting): void => {
    const known = needs.get(server) ?? {};
    needs.set(server, { ...known, [setting]: (known[setting] ?? 0) + 1 });
  };
  for (const path of context.plan.reverse ?? []) {
    const { decoder, slotName } = path;
    const slot = await context.runOne(decoder, slotState(slotName));
    if (slot === undefined) need(decoder, 'max_replication_slots');
    if (slot?.active !== true) need(decoder, 'max_wal_senders');
    if (path.kind === LinkKind.DMS || (await isAtWork(context, path))) continue;
    const receiver = context.receiver(path);
    need(receiver, 'max_worker_processes');
    if (path.kind === LinkKind.NATIVE) need(receiver, 'max_logical_replication_workers');
  }
  return needs;
}

async function isAtWork(context: CutoverContext, path: ReplicationPath): Promise<boolean> {
  const { state } = sqlOf(context, path);
  const row = await context.runOne(context.receiver(path), state(subscriptionOf(path)));
  return Number(row?.workers ?? 0) > 0;
}
