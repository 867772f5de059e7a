import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import {
  addressNumber,
  isCidr,
  networkOf,
  networksOverlap,
  Problems,
  ValidationError,
} from '../postgres';

/** A region as a program places something in it, with the names of what it was told by. */
export interface PlacedRegion {
  readonly region: string;
  /** The property that `blockName` and the provider belong to, such as `regions.us-ashburn-1`. */
  readonly at: string;
  readonly blockName: string;
  /** The addresses that other regions reach. */
  readonly block: string;
  readonly provider: oci.Provider;
}

/** Says what is wrong with the name of the region that the property `what` gives. */
export function regionProblems(region: string, what: string): readonly string[] {
  return /^[a-z]{2,}(-[a-z0-9]+)+-\d+$/.test(region)
    ? []
    : [
        `'${what}' must be named as OCI names ${what === 'regions' ? 'them' : 'it'}, got '${region}'; write it like us-ashburn-1`,
      ];
}

/** Says what is wrong with the addresses that the property `what` gives. */
export function blockProblems(block: string, what: string): readonly string[] {
  const bits = Number(block.split('/')[1]);
  return isCidr(block) && bits >= 16 && bits <= 30 && beginsItsNetwork(block)
    ? []
    : [
        `'${what}' must be an IPv4 network as CIDR from /16 to /30, got ${JSON.stringify(block)}; write it like 10.1.0.0/16`,
      ];
}

/** OCI takes no CIDR whose address lies within the network. */
function beginsItsNetwork(block: string): boolean {
  const [address = ''] = block.split('/');
  return addressNumber(address) === networkOf(block)[0];
}

/** Says which regions could not be told from each other. */
export function pairProblems(regions: readonly PlacedRegion[]): readonly string[] {
  const problems = new Problems();
  for (const [index, one] of regions.entries())
    for (const other of regions.slice(index + 1)) checkPair(one, other, problems);
  return problems.list();
}

function checkPair(one: PlacedRegion, other: PlacedRegion, problems: Problems): void {
  if (isCidr(one.block) && isCidr(other.block))
    problems.addIf(
      networksOverlap(one.block, other.block),
      `'${one.at}.${one.blockName}' cannot overlap that of ${other.region}, which is ${other.block}, got ${one.block}; choose another one, since no route could tell them apart`,
    );
  problems.addIf(
    one.provider === other.provider,
    `'${one.at}.provider' must be the region's own, got the one of ${other.region}; make a provider for each region`,
  );
}

/** `compartmentId`, once it is clear that the provider makes things in the region. It fails while Pulumi previews. */
export function compartmentIn(
  { region, at, provider }: Pick<PlacedRegion, 'region' | 'at' | 'provider'>,
  compartmentId: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.all([compartmentId, provider.region]).apply(([id, its]) => {
    if (its === region) return id;
    throw new ValidationError(`the network of ${region}`, [
      `'${at}.provider' must be a provider for this region, got one for ${its ?? 'whatever the environment says'}; set its 'region'`,
    ]);
  });
}

/**
 * `compartmentId`, once it is clear that what `component` makes is made in `region`, which is that of its provider or of
 * the stack. It fails while Pulumi previews.
 */
export function ownCompartmentIn(
  region: string,
  component: pulumi.ComponentResource,
  who: string,
  compartmentId: pulumi.Input<string>,
): pulumi.Output<string> {
  const provider = component.getProvider('oci:Core/instance:Instance');
  const its = oci.Provider.isInstance(provider) ? provider.region : oci.config.region;
  return pulumi.all([compartmentId, its]).apply(([id, actual]) => {
    if (actual === region) return id;
    throw new ValidationError(who, [
      `'region' must be that of the provider, got '${region}' and a provider for ${actual ?? 'whatever the environment says'}; give a provider of that region among the resource's options`,
    ]);
  });
}
