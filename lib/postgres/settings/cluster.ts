import { clusterOf, serverOf, type Topology } from '../topology';
import { counted, limitFor, type RequiredSetting, type SizingOptions } from './requirement';
import { slotGuards } from './sender';

/** What a server needs to become the primary of its cluster, and to follow another one afterwards. */
export function clusterSettings(
  topology: Topology,
  name: string,
  sizing: SizingOptions,
): RequiredSetting[] {
  const others = clusterOf(topology, name).length - 1;
  if (others < 1) return [];
  const limit = {
    value: String(limitFor(others, 0, sizing)),
    rule: 'at-least',
    restart: true,
    reason: `${counted(others, 'other server')} of the cluster, if this one is promoted`,
  } as const;
  return [
    { name: 'max_wal_senders', ...limit },
    { name: 'max_replication_slots', ...limit },
    ...slotGuards(serverOf(topology, name)),
    {
      name: 'wal_log_hints',
      value: 'on',
      rule: 'equal',
      restart: true,
      reason: 'pg_rewind finds what has changed after a promotion',
    },
  ];
}
