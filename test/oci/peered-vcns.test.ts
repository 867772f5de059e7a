import { join } from 'node:path';
import type { RegisteredResource } from '../../lib/rehearsal/pulumi-program';
import { refusedPrograms } from '../rehearsal/pulumi-program/refused';
import {
  CIDRS,
  EXISTING,
  existing,
  NETWORKS,
  record,
  TWO,
  useExisting,
} from './peered-vcns-programs';

function ofType(resources: readonly RegisteredResource[], type: string): RegisteredResource[] {
  return resources.filter((resource) => resource.type === type);
}

test('two networks are peered, each by its own provider, with routes on both sides', async () => {
  expect(await record(TWO)).toMatchSnapshot();
});

test('each pair of three networks has one end that asks, and one that is asked', async () => {
  const resources = await record(Object.keys(CIDRS));
  const ends = ofType(resources, 'oci:Core/remotePeeringConnection:RemotePeeringConnection');
  expect(
    ends.map(({ name, inputs }) => [name, inputs.peerId ?? null, inputs.peerRegionName ?? null]),
  ).toEqual([
    [
      'site-eu-frankfurt-1-to-us-ashburn-1',
      'ocid1.remotepeeringconnection.oc1..site-us-ashburn-1-to-eu-frankfurt-1',
      'us-ashburn-1',
    ],
    [
      'site-eu-frankfurt-1-to-us-phoenix-1',
      'ocid1.remotepeeringconnection.oc1..site-us-phoenix-1-to-eu-frankfurt-1',
      'us-phoenix-1',
    ],
    ['site-us-ashburn-1-to-eu-frankfurt-1', null, null],
    [
      'site-us-ashburn-1-to-us-phoenix-1',
      'ocid1.remotepeeringconnection.oc1..site-us-phoenix-1-to-us-ashburn-1',
      'us-phoenix-1',
    ],
    ['site-us-phoenix-1-to-eu-frankfurt-1', null, null],
    ['site-us-phoenix-1-to-us-ashburn-1', null, null],
  ]);
  for (const table of ofType(resources, 'oci:Core/routeTable:RouteTable'))
    expect(table.inputs.routeRules).toHaveLength(3);
});

test('everything of a region is made by the provider of that region', async () => {
  const resources = await record(Object.keys(CIDRS));
  const made = resources.filter(({ type }) => type.startsWith('oci:'));
  expect(made.length).toBeGreaterThan(20);
  for (const { name, provider } of made) {
    const [region] = Object.keys(CIDRS).filter((one) => name.startsWith(`site-${one}`));
    expect(provider?.split('::').at(-1)).toBe(region);
  }
});

test.each(['ocid1.compartment.oc1..shop', NETWORKS])(
  'a network that is there, attached in %s, is left as it is, if its routes lead to the others',
  async (attachedIn) => {
    const resources = await record(
      TWO,
      useExisting,
      existing(
        [{ destination: '10.0.0.0/8', networkEntityId: EXISTING.drgId }],
        'ATTACHED',
        attachedIn,
      ),
    );
    const made = resources.filter(({ name }) => name.startsWith('site-us-ashburn-1'));
    expect(made.map(({ name }) => name)).toEqual(['site-us-ashburn-1-to-us-phoenix-1']);
    expect(made[0]?.inputs).toMatchObject({ drgId: EXISTING.drgId });
  },
);

test('a new subnet in a network that is there has the ways out that it is given', async () => {
  const resources = await record(TWO, (regions) =>
    Object.assign(regions['us-ashburn-1'] ?? {}, {
      vcnId: EXISTING.vcnId,
      natGatewayId: 'ocid1.natgateway.oc1..mine',
    }),
  );
  const made = resources.filter(({ name }) => name.startsWith('site-us-ashburn-1-'));
  expect(made.map(({ name }) => name).sort()).toEqual([
    'site-us-ashburn-1-drg',
    'site-us-ashburn-1-drg-attachment',
    'site-us-ashburn-1-routes',
    'site-us-ashburn-1-security',
    'site-us-ashburn-1-subnet',
    'site-us-ashburn-1-to-us-phoenix-1',
  ]);
  const [table] = made.filter(({ name }) => name === 'site-us-ashburn-1-routes');
  expect(table?.inputs.routeRules).toMatchObject([
    { destination: '10.2.0.0/16' },
    { destination: '0.0.0.0/0', networkEntityId: 'ocid1.natgateway.oc1..mine' },
  ]);
});

test('what cannot work is refused while Pulumi previews, with the way out', () => {
  expect(refusedPrograms(join(__dirname, 'peered-vcns-programs.ts'))).toMatchSnapshot();
});
