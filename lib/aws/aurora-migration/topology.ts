import {
  createTopology,
  divide,
  LinkKind,
  Platform,
  type Topology,
  type TopologyLink,
  type TopologyServer,
} from '../../postgres';
import type { AuroraMigrationProps } from './props';

/** The servers, as the topology names them. */
export const SERVERS = { source: 'source', target: 'target' } as const;

/** Whether changes flow, and not only clusters are there. */
export function isReplicating({ source }: AuroraMigrationProps): boolean {
  return source.filled ?? source.existing !== undefined;
}

/** The database that the data goes to. */
export function targetDatabase({ source, target }: AuroraMigrationProps): string {
  return target.databaseName ?? source.databaseName;
}

/** Both clusters and what links them, as plain data. Throws a ValidationError that lists everything that cannot work. */
export function auroraTopology(props: AuroraMigrationProps): Topology {
  return createTopology({ ...namePrefixOf(props), servers: servers(props), links: links(props) });
}

/** What is deployed of `topology`: without links as long as the source is empty. */
export function deployedTopology(topology: Topology, props: AuroraMigrationProps): Topology {
  return isReplicating(props) ? topology : createTopology({ ...topology, links: [] });
}

function namePrefixOf({ namePrefix }: AuroraMigrationProps) {
  return namePrefix === undefined ? {} : { namePrefix };
}

function servers(props: AuroraMigrationProps): Record<string, TopologyServer> {
  const { source, target } = props;
  const platform = Platform.AURORA;
  return {
    [SERVERS.source]: {
      platform,
      majorVersion: source.majorVersion,
      database: source.databaseName,
    },
    [SERVERS.target]: {
      platform,
      majorVersion: target.majorVersion,
      database: targetDatabase(props),
    },
  };
}

/** One for the rest, and one for each part. */
function links({ replication }: AuroraMigrationProps): TopologyLink[] {
  const { selection, parts = [] } = replication;
  const link = { kind: LinkKind.NATIVE, from: SERVERS.source, to: SERVERS.target };
  if (parts.length === 0) return [{ ...link, selection }];
  const divided = divide(selection, parts);
  return [
    { ...link, selection: divided.rest },
    ...divided.parts.map((part, index) => ({
      ...link,
      part: parts[index]?.name ?? '',
      selection: part,
    })),
  ];
}
