import {
  addressNumber,
  isCidr,
  networkContains,
  networkOf,
  networksOverlap,
  Problems,
} from '../../postgres';
import type { PeeredRegion, PeeredVcnsArgs } from './args';

/** `us-ashburn-1`, never a key such as `IAD`. */
const REGION = /^[a-z]{2,}(-[a-z0-9]+)+-\d+$/;

/** @throws ValidationError with everything about the regions that cannot work */
export function validate(name: string, { regions }: PeeredVcnsArgs): void {
  const problems = new Problems();
  const entries = Object.entries(regions);
  problems.addIf(
    entries.length < 2,
    `'regions' must be two or more, got ${entries.length}; add a region, or make a VCN without peering`,
  );
  for (const [region, network] of entries) checkRegion(region, network, problems);
  for (const [index, [region, network]] of entries.entries())
    for (const [other, its] of entries.slice(index + 1))
      checkPair([region, network], [other, its], problems);
  problems.throwIfAny(`PeeredVcns '${name}'`);
}

function checkRegion(region: string, network: PeeredRegion, problems: Problems): void {
  const { cidrBlock, subnetCidrBlock, vcnId, subnetId, drgId, natGatewayId } = network;
  const at = `regions.${region}`;
  problems.addIf(
    !REGION.test(region),
    `'regions' must be named as OCI names them, got '${region}'; write it like us-ashburn-1`,
  );
  checkBlock(cidrBlock, `${at}.cidrBlock`, problems);
  checkBlock(subnetCidrBlock, `${at}.subnetCidrBlock`, problems);
  if (isCidr(cidrBlock) && isCidr(subnetCidrBlock))
    problems.addIf(
      !networkContains(cidrBlock, subnetCidrBlock),
      `'${at}.subnetCidrBlock' must be out of 'cidrBlock', which is ${cidrBlock}, got ${subnetCidrBlock}; choose a part of it`,
    );
  problems.addIf(
    subnetId !== undefined && (vcnId === undefined || drgId === undefined),
    `'${at}.subnetId' requires 'vcnId' and 'drgId', got ${vcnId === undefined ? "no 'vcnId'" : "no 'drgId'"}; give them, since its routes must lead through that gateway already`,
  );
  problems.addIf(
    subnetId !== undefined && natGatewayId !== undefined,
    `'${at}.natGatewayId' cannot be used with 'subnetId', got both; remove it, since the subnet's own routes stay as they are`,
  );
}

function checkBlock(block: string, what: string, problems: Problems): void {
  const bits = Number(block.split('/')[1]);
  problems.addIf(
    !isCidr(block) || bits < 16 || bits > 30 || !beginsItsNetwork(block),
    `'${what}' must be an IPv4 network as CIDR from /16 to /30, got ${JSON.stringify(block)}; write it like 10.1.0.0/16`,
  );
}

/** OCI takes no CIDR whose address lies within the network. */
function beginsItsNetwork(block: string): boolean {
  const [address = ''] = block.split('/');
  return addressNumber(address) === networkOf(block)[0];
}

function checkPair(
  [region, network]: [string, PeeredRegion],
  [other, its]: [string, PeeredRegion],
  problems: Problems,
): void {
  if (isCidr(network.cidrBlock) && isCidr(its.cidrBlock))
    problems.addIf(
      networksOverlap(network.cidrBlock, its.cidrBlock),
      `'regions.${region}.cidrBlock' cannot overlap that of ${other}, which is ${its.cidrBlock}, got ${network.cidrBlock}; choose another one, since no route could tell them apart`,
    );
  problems.addIf(
    network.provider === its.provider,
    `'regions.${region}.provider' must be the region's own, got the one of ${other}; make a provider for each region`,
  );
}
