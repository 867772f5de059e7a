import { addressNumber, isCidr, isIpv4, networkOf, Problems, type Topology } from '../../postgres';
import { blockProblems, pairProblems, regionProblems } from '../regions';
import { archiveRegionOf } from './archive';
import type { ClusterServer, StreamingClusterArgs } from './args';
import { clusterTopology } from './topology';

/**
 * The topology of the cluster.
 *
 * @throws ValidationError with everything about the args that cannot work
 */
export function validate(name: string, args: StreamingClusterArgs): Topology {
  const problems = new Problems();
  const { servers, primary, archiveRetentionDays: days = 14 } = args;
  problems.addIf(
    servers[primary] === undefined,
    `'primary' must be one of 'servers', got '${primary}'; name one of ${Object.keys(servers).join(', ')}`,
  );
  problems.addIf(
    Object.keys(servers).length < 2,
    `'servers' must be two or more, got ${Object.keys(servers).length}; add a replica`,
  );
  problems.addIf(
    !Number.isInteger(days) || days < 1,
    `'archiveRetentionDays' must be a whole number from 1, got ${days}; correct it`,
  );
  const region = archiveRegionOf(args);
  problems.addIf(
    args.archiveRegion !== undefined && args.regions[region] === undefined,
    `'archiveRegion' must be one of 'regions', got '${region}'; name one of ${Object.keys(args.regions).join(', ')}`,
  );
  checkRegions(args, problems);
  for (const [server, its] of Object.entries(servers)) checkPlace(server, its, args, problems);
  if (problems.list().length === 0) problems.collect(() => clusterTopology(args));
  problems.throwIfAny(`StreamingCluster '${name}'`);
  return clusterTopology(args);
}

function checkRegions({ regions }: StreamingClusterArgs, problems: Problems): void {
  const placed = Object.entries(regions).map(([region, { network }]) => {
    const { provider, subnetCidrBlock: block } = network;
    return {
      region,
      at: `regions.${region}.network`,
      blockName: 'subnetCidrBlock',
      block,
      provider,
      its: network.region,
    };
  });
  for (const { region, its, at, blockName, block } of placed) {
    for (const problem of [
      ...regionProblems(region, 'regions'),
      ...blockProblems(block, `${at}.${blockName}`),
    ])
      problems.add(problem);
    problems.addIf(
      its !== region,
      `'${at}' must be a network of this region, got one of ${its}; take PeeredVcns.networks['${region}']`,
    );
  }
  for (const problem of pairProblems(placed)) problems.add(problem);
}

function checkPlace(
  server: string,
  { region, address }: ClusterServer,
  { regions }: StreamingClusterArgs,
  problems: Problems,
): void {
  const network = regions[region]?.network;
  if (network === undefined) {
    problems.add(
      `'servers.${server}.region' must be one of 'regions', got '${region}'; name one of ${Object.keys(regions).join(', ')}`,
    );
    return;
  }
  const block = network.subnetCidrBlock;
  if (!isCidr(block)) return;
  if (!isIpv4(address)) {
    problems.add(
      `'servers.${server}.address' must be an IPv4 address, got ${JSON.stringify(address)}; choose a free one of ${block}`,
    );
    return;
  }
  const [first, size] = networkOf(block);
  const position = addressNumber(address) - first;
  problems.addIf(
    position < 2 || position >= size - 1,
    `'servers.${server}.address' must be out of the region's subnet ${block} and not one of its first two addresses or its last one, got ${address}; choose a free one`,
  );
}
