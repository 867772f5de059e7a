import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { PontoonError } from '../../postgres';
import { compartmentIn } from '../regions';
import type { PeeredRegion, PeeredVcnsArgs } from './args';
import { createNetwork, type NetworkIds } from './network';
import { validate } from './validate';

/** The network of one region, as servers are placed in it. */
export interface PeeredNetwork {
  /** The region. */
  region: string;
  /** The provider by which the region is reached. */
  provider: oci.Provider;
  /** The VCN. */
  vcnId: pulumi.Input<string>;
  /** The private subnet. */
  subnetId: pulumi.Input<string>;
  /** The addresses of the subnet. */
  subnetCidrBlock: string;
}

/**
 * VCNs of two or more regions, each peered with each other through dynamic routing gateways.
 *
 * Both ends of each peering belong to the component, so that one of them asks and the other is asked, and both go
 * together. Routes are made on both sides. A gateway passes on what its own VCN has and nothing from another region, so
 * that each pair of regions has a peering of its own.
 *
 * - What is open is said by the security groups of the servers; the subnet itself only admits the messages by which
 *   paths tell their packet size. NSGs as sources do not reach across regions: use the addresses.
 * - The VCNs are protected against deletion.
 *
 * @throws ValidationError with everything about the args that cannot work
 * @see https://docs.oracle.com/iaas/Content/Network/Tasks/scenario_e.htm
 */
export class PeeredVcns extends pulumi.ComponentResource {
  /** The networks, by region. */
  public readonly networks: { [region: string]: PeeredNetwork };

  constructor(name: string, args: PeeredVcnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('pontoon:index:PeeredVcns', name, args, opts);
    validate(name, args);
    const regions = Object.entries(args.regions).sort(([one], [other]) => (one < other ? -1 : 1));
    const made = regions.map(([region, network]) =>
      createRegion(this, name, region, network, args),
    );
    for (const [index, one] of made.entries())
      for (const other of made.slice(index + 1)) connect(this, name, one, other);

    this.networks = Object.fromEntries(
      made.map(({ region, network, ids }) => [
        region,
        {
          region,
          provider: network.provider,
          vcnId: ids.vcnId,
          subnetId: ids.subnetId,
          subnetCidrBlock: network.subnetCidrBlock,
        },
      ]),
    );
    this.registerOutputs({ subnetIds: pulumi.output(made.map(({ ids }) => ids.subnetId)) });
  }

  /**
   * The network of `region`.
   *
   * @throws PontoonError if there is none
   */
  public networkIn(region: string): PeeredNetwork {
    const network = this.networks[region];
    if (network !== undefined) return network;
    throw new PontoonError(
      'NO_REGION',
      `'region' must be one of ${Object.keys(this.networks).join(', ')}, got '${region}'; add it to 'regions'`,
    );
  }
}

interface Region {
  readonly region: string;
  readonly network: PeeredRegion;
  readonly compartmentId: pulumi.Output<string>;
  readonly ids: NetworkIds;
}

function createRegion(
  parent: PeeredVcns,
  name: string,
  region: string,
  network: PeeredRegion,
  { compartmentId: wanted, regions }: PeeredVcnsArgs,
): Region {
  const compartmentId = compartmentIn(
    { region, at: `regions.${region}`, provider: network.provider },
    wanted,
  );
  const ids = createNetwork({
    name: `${name}-${region}`,
    region,
    args: network,
    compartmentId,
    peers: Object.entries(regions)
      .filter(([other]) => other !== region)
      .map(([, { cidrBlock }]) => cidrBlock)
      .sort(),
    opts: { parent, provider: network.provider },
  });
  return { region, network, compartmentId, ids };
}

/** Only the one that asks names its peer. Its creation waits until both are connected. */
function connect(parent: PeeredVcns, name: string, asking: Region, asked: Region): void {
  const acceptor = new oci.core.RemotePeeringConnection(
    `${name}-${asked.region}-to-${asking.region}`,
    {
      compartmentId: asked.compartmentId,
      drgId: asked.ids.drgId,
      displayName: `${name} to ${asking.region}`,
    },
    { parent, provider: asked.network.provider },
  );
  new oci.core.RemotePeeringConnection(
    `${name}-${asking.region}-to-${asked.region}`,
    {
      compartmentId: asking.compartmentId,
      drgId: asking.ids.drgId,
      displayName: `${name} to ${asked.region}`,
      peerId: acceptor.id,
      peerRegionName: asked.region,
    },
    { parent, provider: asking.network.provider },
  );
}
