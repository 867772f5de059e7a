import * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import { createSecurityGroup, Protocol } from '../networks';
import type { BlueGreenEndpointArgs, DnsListener } from './args';

const PORT = 53;

/** Where the resolver of the network takes questions of other networks. Returns its address. */
export function createDnsListener(
  name: string,
  { compartmentId, vcnId }: BlueGreenEndpointArgs,
  { subnetId, networks, ipAddress }: DnsListener,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const group = createSecurityGroup(
    `${name}-dns`,
    {
      compartmentId,
      vcnId,
      port: PORT,
      from: networks,
      to: [],
      protocols: [Protocol.UDP, Protocol.TCP],
    },
    parent,
  );
  const { dnsResolverId: resolverId } = oci.core.getCnvDnsResolverAssociationOutput(
    { vcnId },
    { parent },
  );
  const endpoint = new oci.dns.ResolverEndpoint(
    `${name}-dns-listener`,
    {
      // OCI lets it have letters, digits and underscores.
      name: `${name}_listener`.replaceAll(/\W/g, '_'),
      resolverId,
      scope: 'PRIVATE',
      isListening: true,
      isForwarding: false,
      subnetId,
      nsgIds: [group.id],
      ...(ipAddress === undefined ? {} : { listeningAddress: ipAddress }),
    },
    { parent },
  );
  return endpoint.listeningAddress;
}
