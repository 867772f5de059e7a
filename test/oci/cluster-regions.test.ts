import { join } from 'node:path';
import * as oci from '@pulumi/oci';
import { PeeredVcns } from '../../lib/oci';
import { recordProgram } from '../../lib/rehearsal/pulumi-program';
import { refusedPrograms } from '../rehearsal/pulumi-program/refused';
import { COMPARTMENT, only, refusal, registered } from './programs';
import { host, phoenix, twoRegions } from './streaming-cluster-programs';

test('networks of two regions that are there are taken, each with its own provider', async () => {
  const resources = await registered(twoRegions(phoenix));
  const providers = resources
    .filter(({ type }) => type === 'oci:Core/instance:Instance')
    .map(({ name, provider }) => [name, provider?.split('::').at(-1)]);
  expect(providers).toEqual([
    ['orders-one', 'us-ashburn-1'],
    ['orders-two', 'us-phoenix-1'],
  ]);
});

test.each<[string, () => void, string]>([
  [
    'that overlap',
    twoRegions(phoenix, '10.1.1.0/24'),
    "StreamingCluster 'orders': 'regions.us-ashburn-1.network.subnetCidrBlock' cannot overlap that of us-phoenix-1, which is 10.1.1.0/24, got 10.1.1.0/24; choose another one, since no route could tell them apart",
  ],
  [
    'with one provider',
    twoRegions((here) => here),
    "StreamingCluster 'orders': 'regions.us-ashburn-1.network.provider' must be the region's own, got the one of us-phoenix-1; make a provider for each region",
  ],
])('networks of two regions %s are refused', async (_, program, message) => {
  expect(await refusal(program)).toBe(message);
});

test('a host by itself is made in the region of the stack', async () => {
  const config = { 'oci:region': 'us-ashburn-1' };
  const made = await recordProgram({ project: 'shop', stack: 'dev', config }, () => host());
  expect(only(made, 'oci:Core/instance:Instance').inputs.compartmentId).toBe(COMPARTMENT);
});

test('a provider that makes things elsewhere is refused', () => {
  const refused = refusedPrograms(join(__dirname, 'streaming-cluster-programs.ts'));
  const wayOut = 'must be a provider for this region, got one for';
  const at = "'regions.us-phoenix-1.network.provider'";
  const ofHost = "give a provider of that region among the resource's options";
  expect(refused).toEqual({
    'provider of another region': [`${at} ${wayOut} uk-london-1; set its 'region'`],
    'provider of no region': [`${at} ${wayOut} whatever the environment says; set its 'region'`],
    'a home region that is none': [
      "'homeProvider.region' must be named as OCI names it, got 'ashburn'; write it like us-ashburn-1",
    ],
    'a host of another region': [
      `'region' must be that of the provider, got 'us-ashburn-1' and a provider for uk-london-1; ${ofHost}`,
    ],
    'a host of no region': [
      `'region' must be that of the provider, got 'us-ashburn-1' and a provider for whatever the environment says; ${ofHost}`,
    ],
  });
});

test('a region that no network is in is refused', async () => {
  const program = (): void => {
    const provider = (region: string) => new oci.Provider(region, { region });
    const regions = Object.fromEntries(
      ['us-ashburn-1', 'us-phoenix-1'].map((region, n) => [
        region,
        {
          provider: provider(region),
          cidrBlock: `10.${n}.0.0/16`,
          subnetCidrBlock: `10.${n}.1.0/24`,
        },
      ]),
    );
    new PeeredVcns('site', { compartmentId: COMPARTMENT, regions }).networkIn('uk-london-1');
  };
  expect(await refusal(program)).toBe(
    "'region' must be one of us-ashburn-1, us-phoenix-1, got 'uk-london-1'; add it to 'regions'",
  );
});
