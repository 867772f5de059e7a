import { isCidr, networkContains, Problems } from '../../postgres';
import { blockProblems, pairProblems, regionProblems } from '../regions';
import type { PeeredRegion, PeeredVcnsArgs } from './args';

/** @throws ValidationError with everything about the regions that cannot work */
export function validate(name: string, { regions }: PeeredVcnsArgs): void {
  const problems = new Problems();
  const entries = Object.entries(regions);
  problems.addIf(
    entries.length < 2,
    `'regions' must be two or more, got ${entries.length}; add a region, or make a VCN without peering`,
  );
  for (const [region, network] of entries) checkRegion(region, network, problems);
  const placed = entries.map(([region, { cidrBlock: block, provider }]) => {
    return { region, at: `regions.${region}`, blockName: 'cidrBlock', block, provider };
  });
  for (const problem of pairProblems(placed)) problems.add(problem);
  problems.throwIfAny(`PeeredVcns '${name}'`);
}

function checkRegion(region: string, network: PeeredRegion, problems: Problems): void {
  const { cidrBlock, subnetCidrBlock, vcnId, subnetId, drgId, natGatewayId } = network;
  const at = `regions.${region}`;
  for (const problem of [
    ...regionProblems(region, 'regions'),
    ...blockProblems(cidrBlock, `${at}.cidrBlock`),
    ...blockProblems(subnetCidrBlock, `${at}.subnetCidrBlock`),
  ])
    problems.add(problem);
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
