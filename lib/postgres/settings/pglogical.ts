import {
  isManaged,
  LinkKind,
  linksFrom,
  linksInto,
  type Topology,
  type TopologyServer,
} from '../topology';
import { counted, type RequiredSetting } from './requirement';

/** What a server needs to be a node of pglogical. Either side of a link subscribes, since a way back is one too. */
export function pglogicalSettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
): RequiredSetting[] {
  const links = [...linksFrom(topology, name), ...linksInto(topology, name)].filter(
    ({ kind }) => kind === LinkKind.PGLOGICAL,
  );
  if (links.length === 0) return [];
  const advised = { rule: 'equal', restart: true, advised: true } as const;
  return [
    // A cloud has a list of extensions of its own, and loads what they need.
    ...(isManaged(server) ? [] : [LIBRARY]),
    {
      name: 'max_worker_processes',
      value: String(Math.max(16, 2 * links.length + 10)),
      rule: 'at-least',
      restart: true,
      reason: `pglogical’s supervisor, manager and ${counted(links.length, 'link')}, parallel queries and autovacuum`,
    },
    {
      name: 'log_error_verbosity',
      value: 'terse',
      rule: 'equal',
      restart: false,
      reason: 'pglogical tells in the details of an error what it connects with, the password too',
    },
    {
      name: 'pglogical.synchronous_commit',
      value: 'on',
      ...advised,
      reason: 'what was applied is confirmed at once, and not a second later within the outage',
    },
    {
      name: 'track_commit_timestamp',
      value: 'on',
      ...advised,
      reason: 'pglogical tells of a conflict when the row was written',
    },
  ];
}

const LIBRARY: RequiredSetting = {
  name: 'shared_preload_libraries',
  value: 'pglogical',
  rule: 'includes',
  restart: true,
  reason: 'pglogical’s workers begin with the server',
};
