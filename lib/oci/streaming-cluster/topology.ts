import { createTopology, LinkKind, Platform, type Topology } from '../../postgres';
import type { StreamingClusterArgs } from './args';

const MIB = 1024;

/**
 * What is to be there, from the args.
 *
 * @throws ValidationError if it cannot work
 */
export function clusterTopology(args: StreamingClusterArgs): Topology {
  const { servers, primary, majorVersion, database, walLevel, synchronous, namePrefix } = args;
  const sizes = Object.values(servers).map(({ machine }) => machine.dataVolumeGiB ?? 100);
  const maxSlotWalKeepMiB = args.maxSlotWalKeepMiB ?? Math.floor((Math.min(...sizes) * MIB) / 2);
  return createTopology({
    servers: Object.fromEntries(
      Object.entries(servers).map(([name, { machine }]) => [
        name,
        {
          platform: Platform.OCI_VM,
          majorVersion,
          database,
          maxSlotWalKeepMiB,
          dataVolumeGiB: machine.dataVolumeGiB ?? 100,
          ...(walLevel === undefined ? {} : { walLevel }),
          ...(name === primary && synchronous !== undefined ? { synchronous } : {}),
        },
      ]),
    ),
    links: Object.keys(servers)
      .filter((name) => name !== primary)
      .map((to) => ({ kind: LinkKind.PHYSICAL, from: primary, to })),
    ...(namePrefix === undefined ? {} : { namePrefix }),
  });
}
