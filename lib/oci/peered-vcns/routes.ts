import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { networkContains, Problems } from '../../postgres';

/** A network whose routes somebody else keeps. */
export interface KeptRoutes {
  readonly region: string;
  readonly compartmentId: pulumi.Input<string>;
  readonly vcnId: pulumi.Input<string>;
  readonly subnetId: pulumi.Input<string>;
  readonly drgId: pulumi.Input<string>;
  /** The networks that must be led to the gateway. */
  readonly peers: readonly string[];
}

/** The id of the subnet, once it is clear that its routes lead to `peers`. It fails while Pulumi previews. */
export function routedSubnet(
  kept: KeptRoutes,
  options: pulumi.InvokeOutputOptions,
): pulumi.Output<string> {
  const { region, vcnId, subnetId, drgId, peers } = kept;
  const subnet = oci.core.getSubnetOutput({ subnetId }, options);
  const tables = oci.core.getRouteTablesOutput(
    { compartmentId: subnet.compartmentId, vcnId },
    options,
  );
  return pulumi
    .all([subnet.routeTableId, tables.routeTables, drgId, subnetId])
    .apply(([routeTableId, found, gateway, id]) => {
      const table = found.find((one) => one.id === routeTableId);
      const problems = new Problems();
      // An unreadable list is no proof of a missing route, but none of its presence either.
      problems.addIf(
        table === undefined,
        `the routes of 'regions.${region}.subnetId' must be readable, got no route table ${routeTableId}; allow reading route tables in its compartment`,
      );
      for (const peer of peers)
        problems.addIf(
          table !== undefined &&
            !table.routeRules.some(
              (rule) => rule.networkEntityId === gateway && leadsTo(rule.destination, peer),
            ),
          `the routes of 'regions.${region}.subnetId' must lead to ${peer}, got none through ${gateway}; add a rule for it to the route table ${routeTableId}`,
        );
      problems.throwIfAny(`the network of ${region}`);
      return id;
    });
}

/** The id of the gateway, once it is clear that it is attached to the VCN. It fails while Pulumi previews. */
export function attachedGateway(
  { region, compartmentId, vcnId, drgId }: Omit<KeptRoutes, 'subnetId' | 'peers'>,
  options: pulumi.InvokeOutputOptions,
): pulumi.Output<string> {
  const isIn = (compartment: pulumi.Input<string>): pulumi.Output<boolean> => {
    const asked = { compartmentId: compartment, vcnId, drgId };
    return pulumi
      .all([oci.core.getDrgAttachmentsOutput(asked, options).drgAttachments, drgId])
      .apply(([all, id]) => all.some((one) => one.drgId === id && one.state === 'ATTACHED'));
  };
  // Of a network that others keep, it may lie beside the network.
  const isAttached = isIn(compartmentId).apply((found) =>
    found ? pulumi.output(true) : isIn(oci.core.getVcnOutput({ vcnId }, options).compartmentId),
  );
  return pulumi.all([isAttached, drgId, vcnId]).apply(([attached, id, vcn]) => {
    const problems = new Problems();
    problems.addIf(
      !attached,
      `'regions.${region}.drgId' must be attached to the VCN ${vcn}, got ${id}, which is not; attach it, or leave it out for a new one`,
    );
    problems.throwIfAny(`the network of ${region}`);
    return id;
  });
}

function leadsTo(destination: string, peer: string): boolean {
  return destination === '0.0.0.0/0' || networkContains(destination, peer);
}
