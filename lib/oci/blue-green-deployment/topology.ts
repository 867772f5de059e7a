import { LinkKind, Platform, type TopologyProps } from '../../postgres';
import type { BlueGreenDeploymentArgs } from './args';

/** The servers, as the topology names them. */
export const SERVERS = { blue: 'blue', green: 'green' } as const;

/** Both databases and what links them, as plain data. Databases are made for the link, also before anything flows. */
export function blueGreenTopology({
  blue,
  green,
  database,
  replication,
  namePrefix,
}: BlueGreenDeploymentArgs): TopologyProps {
  const platform = Platform.OCI_POSTGRESQL;
  return {
    ...(namePrefix === undefined ? {} : { namePrefix }),
    servers: {
      [SERVERS.blue]: { platform, majorVersion: blue.majorVersion, database },
      [SERVERS.green]: { platform, majorVersion: green.majorVersion, database },
    },
    links: [
      {
        kind: LinkKind.NATIVE,
        from: SERVERS.blue,
        to: SERVERS.green,
        selection: replication.selection,
      },
    ],
  };
}
