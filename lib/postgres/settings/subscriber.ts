import { supports } from '../capabilities';
import { LinkKind, linksInto, type Topology, type TopologyServer } from '../topology';
import {
  counted,
  limitFor,
  type RequiredSetting,
  type SizingOptions,
  tableCopies,
} from './requirement';

/** What a server needs to be written to by a subscription or by DMS. */
export function subscriberSettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
  sizing: SizingOptions,
): RequiredSetting[] {
  const into = linksInto(topology, name).filter((link) => link.kind !== LinkKind.PHYSICAL);
  if (into.length === 0) return [];
  const native = into.filter((link) => link.kind === LinkKind.NATIVE).length;
  const perSubscription = tableCopies(1, sizing);
  // A target of DMS may come to subscribe.
  const copies = tableCopies(Math.max(native, 1), sizing);
  const slots = limitFor(into.length, copies, sizing);
  return [
    ...returnSettings(slots),
    ...workerSettings(native, { copies, perSubscription }),
    ...(supports(server.majorVersion, 'origin-limit') ? [originLimit(slots)] : []),
  ];
}

/** A fallback replicates from here, so that the target is prepared to decode from the start. */
function returnSettings(slots: number): RequiredSetting[] {
  return [
    {
      name: 'wal_level',
      value: 'logical',
      rule: 'equal',
      restart: true,
      reason: 'changes can flow back after the cutover',
    },
    {
      name: 'max_replication_slots',
      value: String(slots),
      rule: 'at-least',
      restart: true,
      reason: 'replication origins and the way back',
    },
    {
      name: 'max_wal_senders',
      value: String(slots),
      rule: 'at-least',
      restart: true,
      reason: 'the way back',
    },
  ];
}

/** What copies tables for one subscription must not keep another from applying changes. */
function workerSettings(
  native: number,
  { copies, perSubscription }: { readonly copies: number; readonly perSubscription: number },
): RequiredSetting[] {
  const workers = native + copies;
  return [
    {
      name: 'max_logical_replication_workers',
      value: String(Math.max(workers, 4)),
      rule: 'at-least',
      restart: true,
      reason: `${counted(native, 'subscription')} and ${counted(copies, 'table copy', 'table copies')}`,
    },
    {
      name: 'max_sync_workers_per_subscription',
      value: String(perSubscription),
      rule: 'at-least',
      restart: false,
      reason: 'table copies side by side',
    },
    {
      name: 'max_worker_processes',
      value: String(Math.max(workers + 8, 16)),
      rule: 'at-least',
      restart: true,
      reason: 'replication workers, parallel queries and autovacuum',
    },
  ];
}

function originLimit(slots: number): RequiredSetting {
  return {
    name: 'max_active_replication_origins',
    value: String(slots),
    rule: 'at-least',
    restart: true,
    reason: 'subscriptions and their table copies',
  };
}
