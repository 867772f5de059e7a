import { Problems } from '../errors';
import { namesOf, serverOf, type Topology, type TopologyNames } from '../topology';
import { deriveFlows, type Flow } from './flows';
import type { HbaRule } from './hba';

/** Who logs in to a server, and from where: what a topology does not hold. */
export interface AccessOptions {
  /** The role with which objects are made. */
  readonly administrator: string;
  /**
   * Networks by who connects from them: the name of a server, the name and `.host` for what runs beside PostgreSQL on
   * its machine, `runner`, or `dms`. Each is a CIDR such as `10.0.1.0/24`.
   */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /**
   * Roles by who logs in as them: the name of a server, or `dms`.
   *
   * @default - the topology's name prefix and `_standby` for standbys, `_reader` for whoever decodes
   */
  readonly roles?: Readonly<Record<string, string>>;
}

/**
 * The lines of pg_hba.conf that `server` needs, from the flows of `topology`.
 *
 * @throws ValidationError that lists every origin without an address.
 */
export function deriveHba(topology: Topology, server: string, options: AccessOptions): HbaRule[] {
  const { database } = serverOf(topology, server);
  const problems = new Problems();
  const names = namesOf(topology);
  const rules = deriveFlows(topology)
    .filter(({ to }) => to === server)
    .flatMap((flow) => {
      const origin = originOf(flow);
      const networks = options.addresses[origin] ?? [];
      problems.addIf(
        networks.length === 0,
        `'addresses.${origin}' must be given, since '${origin}' connects to '${server}' for ${flow.purpose}, got nothing; name its network`,
      );
      return networks.map((address) => ({
        database: flow.physical ? 'replication' : database,
        physical: flow.physical,
        user: userOf(flow, names, options),
        address,
        purpose: `${origin}: ${flow.purpose}`,
      }));
    });
  problems.throwIfAny(`access to '${server}'`);
  return rules;
}

/** Who opens the connections of `flow`: a server's name, the name and `.host`, `runner` or `dms`. */
export function originOf({ from }: Flow): string {
  if ('server' in from) return from.server;
  return 'hostOf' in from ? `${from.hostOf}.host` : from.program;
}

function userOf(
  flow: Flow,
  names: TopologyNames,
  { administrator, roles = {} }: AccessOptions,
): string {
  const origin = originOf(flow);
  if (origin === 'runner' || 'hostOf' in flow.from) return administrator;
  const streams = flow.physical || flow.asStandby === true;
  return roles[origin] ?? (streams ? names.standbyRole : names.readerRole);
}
