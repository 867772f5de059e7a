import * as oci from '@pulumi/oci';
import { type PeeredRegion, PeeredVcns } from '../../lib/oci';
import {
  type Answers,
  type RegisteredResource,
  recordProgram,
} from '../../lib/rehearsal/pulumi-program';

const COMPARTMENT = 'ocid1.compartment.oc1..shop';
export const NETWORKS = 'ocid1.compartment.oc1..networks';

export const CIDRS: Readonly<Record<string, string>> = {
  'us-ashburn-1': '10.1.0.0/16',
  'us-phoenix-1': '10.2.0.0/16',
  'eu-frankfurt-1': '10.3.0.0/16',
};

type Change = (regions: Record<string, PeeredRegion>) => void;

/** Records peered networks of `names`, after `change`. */
export function record(
  names: readonly string[],
  change: Change = () => undefined,
  answers: Answers = {},
): Promise<RegisteredResource[]> {
  return recordProgram({ project: 'site', stack: 'dev', config: {}, answers }, () => {
    const regions = Object.fromEntries(
      names.map((region) => {
        const cidrBlock = CIDRS[region] ?? '10.9.0.0/16';
        const provider = new oci.Provider(region, { region });
        return [
          region,
          { provider, cidrBlock, subnetCidrBlock: cidrBlock.replace('0.0/16', '1.0/24') },
        ];
      }),
    );
    change(regions);
    new PeeredVcns('site', { compartmentId: COMPARTMENT, regions });
  });
}

export const EXISTING = {
  vcnId: 'ocid1.vcn.oc1..mine',
  subnetId: 'ocid1.subnet.oc1..mine',
  drgId: 'ocid1.drg.oc1..mine',
};

/** What is in the cloud already: a network with these routes, attached in the program's compartment or the network's. */
export function existing(
  routes: readonly object[],
  state = 'ATTACHED',
  attachedIn = COMPARTMENT,
): Answers {
  return {
    'oci:Core/getSubnet:getSubnet': () => ({
      compartmentId: COMPARTMENT,
      routeTableId: 'table',
    }),
    'oci:Core/getRouteTables:getRouteTables': () => ({
      routeTables: [{ id: 'table', routeRules: routes }],
    }),
    'oci:Core/getVcn:getVcn': () => ({ compartmentId: NETWORKS }),
    'oci:Core/getDrgAttachments:getDrgAttachments': ({ compartmentId }) => ({
      drgAttachments: compartmentId === attachedIn ? [{ drgId: EXISTING.drgId, state }] : [],
    }),
  };
}

export const useExisting: Change = (regions) =>
  Object.assign(regions['us-ashburn-1'] ?? {}, EXISTING);

export const TWO = ['us-ashburn-1', 'us-phoenix-1'];

/** Programs that are refused. */
export const programs: Readonly<Record<string, () => Promise<RegisteredResource[]>>> = {
  overlap: () =>
    record(TWO, (regions) =>
      Object.assign(regions['us-phoenix-1'] ?? {}, {
        cidrBlock: '10.1.128.0/17',
        subnetCidrBlock: '10.1.129.0/24',
      }),
    ),
  'one region': () => record(['us-ashburn-1']),
  'one provider for two regions': () =>
    record(TWO, (regions) =>
      Object.assign(regions['us-phoenix-1'] ?? {}, { provider: regions['us-ashburn-1']?.provider }),
    ),
  'provider of another region': () =>
    record(TWO, (regions) =>
      Object.assign(regions['us-phoenix-1'] ?? {}, {
        provider: new oci.Provider('london', { region: 'uk-london-1' }),
      }),
    ),
  'provider of no region': () =>
    record(TWO, (regions) =>
      Object.assign(regions['us-phoenix-1'] ?? {}, { provider: new oci.Provider('any', {}) }),
    ),
  'everything else at once': () =>
    record(TWO, (regions) => {
      regions.IAD = {
        provider: new oci.Provider('any', { region: 'us-ashburn-1' }),
        cidrBlock: '10.7.0.1/16',
        subnetCidrBlock: '10.8.0.0/24',
        subnetId: EXISTING.subnetId,
        natGatewayId: 'ocid1.natgateway.oc1..mine',
      };
      Object.assign(regions['us-phoenix-1'] ?? {}, { subnetCidrBlock: '10.1.1.0/24' });
    }),
  'routes that lead elsewhere': () =>
    record(
      TWO,
      useExisting,
      existing([{ destination: '10.2.0.0/16', networkEntityId: 'ocid1.drg.oc1..other' }]),
    ),
  'routes that cannot be read': () =>
    record(TWO, useExisting, {
      ...existing([]),
      'oci:Core/getRouteTables:getRouteTables': () => ({ routeTables: [] }),
    }),
  'gateway that is not attached': () =>
    record(
      TWO,
      useExisting,
      existing([{ destination: '10.2.0.0/16', networkEntityId: EXISTING.drgId }], 'DETACHED'),
    ),
};
