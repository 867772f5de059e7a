import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import type { PeeredRegion } from './args';
import { attachedGateway, routedSubnet } from './routes';

/** What the network of one region is made with. */
export interface NetworkOptions {
  readonly name: string;
  readonly region: string;
  readonly args: PeeredRegion;
  readonly compartmentId: pulumi.Output<string>;
  /** The addresses of the other regions. */
  readonly peers: readonly string[];
  readonly opts: pulumi.CustomResourceOptions;
}

/** The ids of what a region has. */
export interface NetworkIds {
  readonly vcnId: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  readonly drgId: pulumi.Output<string>;
}

/** Makes what a region lacks, and checks what it has. */
export function createNetwork(options: NetworkOptions): NetworkIds {
  const { name, args, compartmentId, opts } = options;
  const vcnId =
    args.vcnId === undefined
      ? new oci.core.Vcn(
          `${name}-vcn`,
          { compartmentId, cidrBlocks: [args.cidrBlock], displayName: name },
          { ...opts, protect: true },
        ).id
      : pulumi.output(args.vcnId);
  const gateway = createGateway(options, vcnId);
  return { vcnId, drgId: gateway.drgId, subnetId: createSubnet(options, vcnId, gateway) };
}

interface Gateway {
  readonly drgId: pulumi.Output<string>;
  /** What a route to the gateway waits for. */
  readonly attachment?: oci.core.DrgAttachment;
}

function createGateway(
  { name, region, args, compartmentId, opts }: NetworkOptions,
  vcnId: pulumi.Output<string>,
): Gateway {
  if (args.drgId !== undefined && args.vcnId !== undefined)
    return {
      drgId: attachedGateway({ region, compartmentId, vcnId, drgId: args.drgId }, opts),
    };
  const drgId =
    args.drgId === undefined
      ? new oci.core.Drg(`${name}-drg`, { compartmentId, displayName: name }, opts).id
      : pulumi.output(args.drgId);
  const attachment = new oci.core.DrgAttachment(
    `${name}-drg-attachment`,
    { drgId, displayName: name, networkDetails: { type: 'VCN', id: vcnId } },
    opts,
  );
  return { drgId, attachment };
}

function createSubnet(
  options: NetworkOptions,
  vcnId: pulumi.Output<string>,
  { drgId, attachment }: Gateway,
): pulumi.Output<string> {
  const { name, region, args, compartmentId, peers, opts } = options;
  if (args.subnetId !== undefined)
    return routedSubnet(
      { region, compartmentId, vcnId, subnetId: args.subnetId, drgId, peers },
      opts,
    );
  const routeTable = new oci.core.RouteTable(
    `${name}-routes`,
    {
      compartmentId,
      vcnId,
      displayName: name,
      routeRules: [
        ...peers.map((destination) => rule(destination, drgId, 'Another region')),
        ...wayOut(options, vcnId),
      ],
    },
    attachment === undefined ? opts : { ...opts, dependsOn: [attachment] },
  );
  return new oci.core.Subnet(
    `${name}-subnet`,
    {
      compartmentId,
      vcnId,
      cidrBlock: args.subnetCidrBlock,
      displayName: name,
      prohibitPublicIpOnVnic: true,
      routeTableId: routeTable.id,
      securityListIds: [createSecurityList(options, vcnId)],
    },
    opts,
  ).id;
}

function wayOut({ name, args, compartmentId, opts }: NetworkOptions, vcnId: pulumi.Output<string>) {
  if (args.natGatewayId !== undefined)
    return [rule('0.0.0.0/0', args.natGatewayId, 'Packages, and services of OCI')];
  if (args.vcnId !== undefined) return [];
  const gateway = new oci.core.NatGateway(
    `${name}-nat`,
    { compartmentId, vcnId, displayName: name },
    opts,
  );
  return [rule('0.0.0.0/0', gateway.id, 'Packages, and services of OCI')];
}

function rule(destination: string, networkEntityId: pulumi.Input<string>, description: string) {
  return { destination, destinationType: 'CIDR_BLOCK', networkEntityId, description };
}

/**
 * The VCN's own list would let everybody in by SSH. What servers may do, their security groups say; but a bastion of OCI
 * Bastion belongs to none, and reaches only what the list of its subnet lets out.
 */
function createSecurityList(
  { name, args, compartmentId, peers, opts }: NetworkOptions,
  vcnId: pulumi.Output<string>,
): pulumi.Output<string> {
  return new oci.core.SecurityList(
    `${name}-security`,
    {
      compartmentId,
      vcnId,
      displayName: name,
      ingressSecurityRules: [args.cidrBlock, ...peers].map((source) => ({
        protocol: '1',
        source,
        sourceType: 'CIDR_BLOCK',
        icmpOptions: { type: 3, code: 4 },
        description: 'Packets that are too large for the way',
      })),
      egressSecurityRules: [
        {
          protocol: '6',
          destination: args.subnetCidrBlock,
          destinationType: 'CIDR_BLOCK',
          tcpOptions: { min: 22, max: 22 },
          description: 'A bastion, to machines that let it in',
        },
      ],
    },
    opts,
  ).id;
}
