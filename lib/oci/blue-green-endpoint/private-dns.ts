import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import type { BlueGreenEndpointArgs, EndpointNames } from './args';

/** The names in full. */
export interface FullNames {
  readonly application: string;
  readonly blue: string;
  readonly green: string;
}

export const TTL_SECONDS = 30;

/** The names in full that `names` ask for. */
export function fullNames(names: EndpointNames): FullNames {
  const { zone, application = 'nlb-app' } = names;
  return {
    application: `${application}.${zone}`,
    blue: `${names.blue ?? `${application}-blue`}.${zone}`,
    green: `${names.green ?? `${application}-green`}.${zone}`,
  };
}

/** Records for the load balancer at `address` and for both sides, in a private view of their own. */
export function createNames(
  name: string,
  args: BlueGreenEndpointArgs,
  address: pulumi.Output<string>,
  parent: pulumi.Resource,
): void {
  const { compartmentId, names } = args;
  const view = new oci.dns.View(
    `${name}-view`,
    { compartmentId, displayName: name, scope: 'PRIVATE' },
    { parent },
  );
  const zone = new oci.dns.Zone(
    `${name}-zone`,
    {
      compartmentId,
      name: names.zone,
      zoneType: 'PRIMARY',
      scope: 'PRIVATE',
      viewId: view.id,
    },
    { parent },
  );
  const full = fullNames(names);
  const ttl = names.ttlSeconds ?? TTL_SECONDS;
  for (const [what, domain, rdata] of [
    ['application', full.application, address],
    ...(args.blue === undefined ? [] : [['blue', full.blue, args.blue.ipAddress] as const]),
    ['green', full.green, args.green.ipAddress],
  ] as const)
    new oci.dns.Rrset(
      `${name}-record-${what}`,
      {
        zoneNameOrId: zone.id,
        viewId: view.id,
        scope: 'PRIVATE',
        domain,
        rtype: 'A',
        items: [{ domain, rtype: 'A', rdata, ttl }],
      },
      { parent },
    );
  if (names.attach ?? true) attach(name, args, view, parent);
}

/** A resolver's list of views is written as a whole: those of others are kept, in their order. */
function attach(
  name: string,
  { vcnId }: BlueGreenEndpointArgs,
  view: oci.dns.View,
  parent: pulumi.Resource,
): void {
  const { dnsResolverId: resolverId } = oci.core.getCnvDnsResolverAssociationOutput(
    { vcnId },
    { parent },
  );
  const resolver = oci.dns.getResolverOutput({ resolverId, scope: 'PRIVATE' }, { parent });
  const attachedViews = pulumi.all([resolver.attachedViews, view.id]).apply(([others, viewId]) => {
    const attached = others.map((other) => other.viewId);
    return (attached.includes(viewId) ? attached : [...attached, viewId]).map((id) => ({
      viewId: id,
    }));
  });
  new oci.dns.Resolver(
    `${name}-resolver`,
    { resolverId, scope: 'PRIVATE', attachedViews },
    // Rules that are not named would be taken away at the next change; a deletion clears views and rules of everybody.
    { parent, ignoreChanges: ['rules'], retainOnDelete: true },
  );
}
