import { supports } from '../capabilities';
import {
  LinkKind,
  linksFrom,
  type Topology,
  type TopologyLink,
  type TopologyServer,
} from '../topology';
import { decodesBelow } from './decodes-below';
import {
  counted,
  limitFor,
  type RequiredSetting,
  type SizingOptions,
  tableCopies,
} from './requirement';

/** What a server needs to send changes: the primary of a standby, and whatever is decoded. */
export function senderSettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
  sizing: SizingOptions,
): RequiredSetting[] {
  const out = linksFrom(topology, name).filter((link) => link.promoted !== true);
  if (out.length === 0) return [];
  return [
    walLevel(topology, server, out),
    ...limits(out, sizing),
    ...returnWorkers(out),
    ...slotGuards(server),
    ...(supports(server.majorVersion, 'idle-slot-timeout') ? [IDLE_SLOT_TIMEOUT] : []),
  ];
}

function walLevel(
  topology: Topology,
  server: TopologyServer,
  out: readonly TopologyLink[],
): RequiredSetting {
  const level = { name: 'wal_level', rule: 'equal', restart: true } as const;
  if (out.some(({ kind }) => kind !== LinkKind.PHYSICAL))
    return { ...level, value: 'logical', reason: 'logical decoding here' };
  if (out.some(({ to }) => decodesBelow(topology, to)))
    return { ...level, value: 'logical', reason: 'logical decoding on its standby' };
  return { ...level, value: server.walLevel ?? 'replica', reason: 'a standby' };
}

function limits(out: readonly TopologyLink[], sizing: SizingOptions): RequiredSetting[] {
  // A subscription's table copies each take a slot and a sender of their own while they run.
  const native = out.filter(({ kind }) => kind === LinkKind.NATIVE).length;
  const copies = tableCopies(native, sizing);
  const users = `${counted(out.length, 'link')}, ${counted(copies, 'table copy', 'table copies')}`;
  const limit = {
    value: String(limitFor(out.length, copies, sizing)),
    rule: 'at-least',
    restart: true,
  } as const;
  return [
    { name: 'max_wal_senders', ...limit, reason: `${users}, and room to reconnect` },
    { name: 'max_replication_slots', ...limit, reason: `${users}, and room for another try` },
  ];
}

/** PostgreSQL's own limit on workers of subscriptions. */
const DEFAULT_WORKERS = 4;

/** After a cutover each native link has a subscription here. */
function returnWorkers(out: readonly TopologyLink[]): RequiredSetting[] {
  const native = out.filter(({ kind }) => kind === LinkKind.NATIVE).length;
  if (native <= DEFAULT_WORKERS) return [];
  const limit = { rule: 'at-least', restart: true } as const;
  return [
    {
      name: 'max_logical_replication_workers',
      value: String(native),
      ...limit,
      reason: `${counted(native, 'subscription')} of the way back`,
    },
    {
      name: 'max_worker_processes',
      value: String(native + 8),
      ...limit,
      reason: 'subscriptions of the way back, parallel queries and autovacuum',
    },
  ];
}

/** What keeps a slot from filling the disk, and a receiver from being dropped. */
export function slotGuards({ maxSlotWalKeepMiB }: TopologyServer): RequiredSetting[] {
  return [
    {
      name: 'max_slot_wal_keep_size',
      value: maxSlotWalKeepMiB === undefined ? '-1' : `${maxSlotWalKeepMiB}MB`,
      rule: 'equal',
      restart: false,
      reason: 'how much WAL a slot may hold back is decided, not left to chance',
      ...(maxSlotWalKeepMiB === undefined ? { advised: true } : {}),
    },
    {
      name: 'wal_sender_timeout',
      value: '60s',
      // AWS DMS refuses 1 to 9999 ms, and 0 means never.
      rule: 'zero-or-at-least',
      restart: false,
      reason: 'a busy receiver is not dropped',
    },
  ];
}

const IDLE_SLOT_TIMEOUT: RequiredSetting = {
  name: 'idle_replication_slot_timeout',
  value: '0',
  rule: 'equal',
  restart: false,
  reason: 'a slot is not given up while its receiver is stopped',
};
