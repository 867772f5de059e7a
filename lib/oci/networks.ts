import * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import { isCidr, Problems } from '../postgres';

/** Says what is wrong with the networks that the property `what` names. */
export function networkProblems(networks: readonly string[], what: string): readonly string[] {
  const problems = new Problems();
  for (const [index, network] of networks.entries())
    problems.addIf(
      !isCidr(network),
      `'${what}[${index}]' must be a network as CIDR and not every address, got ${JSON.stringify(network)}; write it like 10.1.0.0/16`,
    );
  return problems.list();
}

/** Who may connect by TCP, and to whom. */
export interface PortRules {
  readonly compartmentId: pulumi.Input<string>;
  readonly vcnId: pulumi.Input<string>;
  readonly port: number;
  /** Networks that connect to the members. */
  readonly from: readonly string[];
  /** Networks that members connect to. */
  readonly to: readonly string[];
  /** TCP if nothing is said. */
  readonly protocols?: readonly Protocol[];
}

/** A protocol by its number. */
export enum Protocol {
  TCP = '6',
  UDP = '17',
}

/** A security group that lets exactly these networks in and out. Rules are named after networks, so that none moves. */
export function createSecurityGroup(
  name: string,
  { compartmentId, vcnId, port, from, to, protocols = [Protocol.TCP] }: PortRules,
  parent: pulumi.Resource,
): oci.core.NetworkSecurityGroup {
  const group = new oci.core.NetworkSecurityGroup(
    name,
    { compartmentId, vcnId, displayName: name },
    { parent },
  );
  const range = { destinationPortRange: { min: port, max: port } };
  for (const protocol of protocols) {
    const options = protocol === Protocol.TCP ? { tcpOptions: range } : { udpOptions: range };
    const rule = { networkSecurityGroupId: group.id, protocol, ...options };
    const prefix = protocol === Protocol.TCP ? name : `${name}-udp`;
    for (const network of new Set(from)) admit(prefix, network, rule, group);
    for (const network of new Set(to))
      new oci.core.NetworkSecurityGroupSecurityRule(
        `${prefix}-to-${slug(network)}`,
        {
          ...rule,
          direction: 'EGRESS',
          destination: network,
          destinationType: 'CIDR_BLOCK',
          description: `connects to ${network}`,
        },
        { parent: group },
      );
  }
  return group;
}

/** Lets `networks` in by TCP at another port of the members of `group`. Rules are named after networks. */
export function admitTo(
  name: string,
  group: oci.core.NetworkSecurityGroup,
  port: number,
  networks: readonly string[],
): void {
  const tcpOptions = { destinationPortRange: { min: port, max: port } };
  const rule = { networkSecurityGroupId: group.id, protocol: Protocol.TCP, tcpOptions };
  for (const network of new Set(networks)) admit(name, network, rule, group);
}

function admit(
  prefix: string,
  network: string,
  rule: Pick<
    oci.core.NetworkSecurityGroupSecurityRuleArgs,
    'networkSecurityGroupId' | 'protocol' | 'tcpOptions' | 'udpOptions'
  >,
  parent: oci.core.NetworkSecurityGroup,
): void {
  new oci.core.NetworkSecurityGroupSecurityRule(
    `${prefix}-from-${slug(network)}`,
    {
      ...rule,
      direction: 'INGRESS',
      source: network,
      sourceType: 'CIDR_BLOCK',
      description: `${network} connects`,
    },
    { parent },
  );
}

function slug(network: string): string {
  return network.replaceAll(/[./]/g, '-');
}
