import { LinkKind, Platform, type TopologyProps } from '../../postgres';
import type { BlueGreenDeploymentArgs } from './args';
import { methodOf } from './method';
import { ReplicationMethod } from './replication-args';

/** The servers, as the topology names them. */
export const SERVERS = { blue: 'blue', green: 'green' } as const;

const LINKS: Readonly<Record<ReplicationMethod, LinkKind>> = {
  [ReplicationMethod.NATIVE]: LinkKind.NATIVE,
  [ReplicationMethod.PGLOGICAL]: LinkKind.PGLOGICAL,
};

/** Both databases and what links them, as plain data. Databases are made for the link, also before anything flows. */
export function blueGreenTopology(args: BlueGreenDeploymentArgs): TopologyProps {
  const { blue, green, database, replication, namePrefix } = args;
  const platform = Platform.OCI_POSTGRESQL;
  const { maxSlotWalKeepMiB } = replication;
  const kept = maxSlotWalKeepMiB === undefined ? {} : { maxSlotWalKeepMiB };
  return {
    ...(namePrefix === undefined ? {} : { namePrefix }),
    servers: {
      [SERVERS.blue]: { platform, majorVersion: blue.majorVersion, database, ...kept },
      [SERVERS.green]: { platform, majorVersion: green.majorVersion, database, ...kept },
    },
    links: [
      {
        kind: LINKS[methodOf(args)],
        from: SERVERS.blue,
        to: SERVERS.green,
        selection: replication.selection,
      },
    ],
  };
}
