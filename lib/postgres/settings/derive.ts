import {
  isManaged,
  LinkKind,
  linksInto,
  primaryOf,
  serverOf,
  standbyLinkInto,
  type Topology,
} from '../topology';
import { clusterSettings } from './cluster';
import { pglogicalSettings } from './pglogical';
import type { RequiredSetting, SizingOptions } from './requirement';
import { senderSettings } from './sender';
import { standbySettings } from './standby';
import { subscriberSettings } from './subscriber';
import { synchronousSettings } from './synchronous';

/** Everything that `name` must have set for the links of `topology` to work. */
export function deriveSettings(
  topology: Topology,
  name: string,
  sizing: SizingOptions = {},
): RequiredSetting[] {
  const server = serverOf(topology, name);
  const settings = [
    ...senderSettings(topology, name, server, sizing),
    ...standbySettings(topology, name, server),
    ...subscriberSettings(topology, name, server, sizing),
    ...synchronousSettings(server),
  ];
  const cluster = clusterSettings(topology, name, sizing);
  settings.push(...cluster.filter((one) => !settings.some((other) => other.name === one.name)));
  const pglogical = pglogicalSettings(topology, name, server);
  settings.push(...pglogical.filter((one) => !settings.some((other) => other.name === one.name)));
  if (!isManaged(server)) settings.push(...retrySettings(topology, name), ...securitySettings());
  return settings;
}

/**
 * A stream that breaks behind a fence keeps everybody waiting until it is asked for again. That a cloud lets it be set
 * was not tried, so that managed servers do without.
 */
function retrySettings(topology: Topology, name: string): RequiredSetting[] {
  const receives =
    linksInto(topology, name).some(({ kind }) => kind === LinkKind.NATIVE) ||
    standbyLinkInto(topology, name) !== undefined ||
    takesWayBack(topology, name);
  if (!receives) return [];
  return [
    {
      name: 'wal_retrieve_retry_interval',
      value: '500ms',
      rule: 'equal',
      restart: false,
      reason: 'a stream that breaks is asked for again at once',
      advised: true,
    },
  ];
}

/** After a cutover the old writer follows by a native subscription, unless pglogical carried its tables. */
function takesWayBack(topology: Topology, name: string): boolean {
  return topology.links.some(
    ({ kind, from }) =>
      (kind === LinkKind.NATIVE || kind === LinkKind.DMS) && primaryOf(topology, from) === name,
  );
}

function securitySettings(): RequiredSetting[] {
  return [
    {
      name: 'ssl',
      value: 'on',
      rule: 'equal',
      restart: false,
      reason: 'every connection is encrypted',
    },
    {
      name: 'password_encryption',
      value: 'scram-sha-256',
      rule: 'equal',
      restart: false,
      reason: 'no password is stored as MD5',
    },
  ];
}
