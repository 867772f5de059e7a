import {
  deriveHba,
  type HbaRule,
  isManaged,
  linksFrom,
  readHba,
  serverOf,
  type Topology,
} from '../postgres';
import type { Arguments } from './arguments';
import type { Migration } from './migration';
import type { Option } from './option';
import { asUsage, UsageError } from './usage-error';

/** Who administers a server, and what its pg_hba.conf must have. */
export interface ServerAccess {
  readonly administrator: string;
  readonly hba: readonly HbaRule[];
}

/** The options that say who connects, and from where. */
export const ACCESS_OPTIONS: Readonly<Record<string, Option>> = {
  administrator: {
    value: 'ROLE',
    description: 'the role with which objects are made',
    otherwise: 'what the assembly says',
  },
  address: {
    value: 'WHO=CIDR',
    description:
      'a network that a server, its machine (SERVER.host), runner or dms connects from, such as runner=10.0.1.0/24',
    multiple: true,
    otherwise: 'what the assembly says',
  },
  role: {
    value: 'WHO=ROLE',
    description: 'the role that a server or dms logs in as',
    multiple: true,
    otherwise: 'pontoon_standby for standbys, pontoon_reader for the others',
  },
};

/**
 * The first server of the topology that sends to others, rather one that its owner manages than one of a cloud's. Throws
 * a UsageError.
 */
export function sourceOf(topology: Topology): string {
  const senders = Object.entries(topology.servers).filter(
    ([name]) => linksFrom(topology, name).length > 0,
  );
  const source = senders.find(([, server]) => !isManaged(server)) ?? senders[0];
  if (source !== undefined) return source[0];
  throw new UsageError(
    "the topology must have a server that sends to others, got none; name one by '--server'",
  );
}

/** Who connects to `server`: as the options say, otherwise as the assembly does. Undefined if neither does. */
export function accessTo(
  server: string,
  { topology, source }: Migration,
  options: Arguments,
): ServerAccess | undefined {
  const addresses = options.pairs('address');
  if (addresses.size > 0) return fromOptions(server, topology, options);
  if (source === undefined || server !== sourceOf(topology)) return undefined;
  if (source.hba.startsWith('{')) {
    throw new UsageError(
      "'--address' must be given, since the assembly's networks are known only at deployment; name them as WHO=CIDR",
    );
  }
  const administrator = options.text('administrator') ?? source.administrator;
  return { administrator, hba: asUsage(() => readHba(source.hba)) };
}

function fromOptions(server: string, topology: Topology, options: Arguments): ServerAccess {
  const administrator = options.required('administrator');
  const roles = [...options.pairs('role')].map(([who, names]) => [who, names[0] ?? ''] as const);
  return asUsage(() => {
    serverOf(topology, server);
    const hba = deriveHba(topology, server, {
      administrator,
      addresses: Object.fromEntries(options.pairs('address')),
      roles: Object.fromEntries(roles),
    });
    return { administrator, hba };
  });
}
