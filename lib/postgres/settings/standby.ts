import {
  linksFrom,
  slotNameOf,
  standbyLinkInto,
  type Topology,
  type TopologyServer,
} from '../topology';
import { decodesBelow } from './decodes-below';
import type { RequiredSetting } from './requirement';

/** What a server needs to follow another one byte for byte. */
export function standbySettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
): RequiredSetting[] {
  const link = standbyLinkInto(topology, name);
  if (link === undefined) return [];
  const following = followingSettings(slotNameOf(topology, link), decodesBelow(topology, name));
  return linksFrom(topology, name).length === 0
    ? [primarysWalLevel(server), ...following]
    : following;
}

function primarysWalLevel({ walLevel }: TopologyServer): RequiredSetting {
  return {
    name: 'wal_level',
    value: walLevel ?? 'replica',
    rule: 'equal',
    restart: true,
    reason: 'the same as its primary',
  };
}

function followingSettings(slotName: string, decodes: boolean): RequiredSetting[] {
  return [
    {
      name: 'hot_standby',
      value: 'on',
      rule: 'equal',
      restart: true,
      reason: 'the standby answers queries',
    },
    {
      name: 'primary_slot_name',
      value: slotName,
      rule: 'equal',
      restart: false,
      reason: 'the primary keeps WAL until the standby has it',
    },
    {
      name: 'hot_standby_feedback',
      value: 'on',
      rule: 'equal',
      restart: false,
      reason: decodes
        ? 'without it the primary removes rows that decoding needs, and the slot is lost'
        : 'queries on the standby are not cancelled',
    },
    {
      name: 'max_standby_streaming_delay',
      value: '300s',
      rule: 'equal',
      restart: false,
      reason: 'a long read delays replay at most this long',
    },
  ];
}
