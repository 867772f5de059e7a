import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parsePromotion, readTopology } from '../../lib/postgres';
import { type RegisteredResource, recordProgram } from '../../lib/rehearsal/pulumi-program';
import { cloudConfigRemarks, cloudInitIsThere } from '../oci/cloud-config';
import { described, exposures } from '../oci/described';
import { ofType, only } from '../oci/programs';
import { filesOf, readable, userDataOf } from '../oci/user-data';
import { violations } from '../oci/violations';

const directory = join(__dirname, '../../examples/oci-streaming-cluster');

function record(change: Readonly<Record<string, string>> = {}): Promise<RegisteredResource[]> {
  return recordExample(change, () => undefined);
}

/** Records the example, and shows what it exports. */
function recordExample(
  change: Readonly<Record<string, string>>,
  show: (exports: Readonly<Record<string, unknown>>) => void,
): Promise<RegisteredResource[]> {
  const { config } = parse(readFileSync(join(directory, 'Pulumi.dev.yaml'), 'utf8'));
  return recordProgram(
    { project: 'oci-streaming-cluster', stack: 'dev', config: { ...config, ...change } },
    () => jest.isolateModules(() => show(require('../../examples/oci-streaming-cluster'))),
  );
}

let resources: RegisteredResource[];
beforeAll(async () => {
  resources = await record();
});

test('is what it was', () => {
  expect(described(readable(resources))).toMatchSnapshot();
});

test('machines and data are protected, and no edit of a script or of an image replaces a machine', () => {
  const instances = ofType(resources, 'oci:Core/instance:Instance');
  expect(instances).toHaveLength(4);
  for (const { protect, ignoreChanges, inputs } of instances) {
    expect(protect).toBe(true);
    expect(ignoreChanges).toEqual(['metadata', 'sourceDetails']);
    expect(inputs).toMatchObject({
      isPvEncryptionInTransitEnabled: true,
      instanceOptions: { areLegacyImdsEndpointsDisabled: true },
      createVnicDetails: { assignPublicIp: 'false' },
    });
  }
  for (const { protect } of ofType(resources, 'oci:Core/volume:Volume')) expect(protect).toBe(true);
});

test('no policy is violated', () => {
  expect(violations(resources)).toEqual([]);
});

test('what a machine is told leaves room, and holds no password', () => {
  for (const instance of ofType(resources, 'oci:Core/instance:Instance')) {
    expect(JSON.stringify(instance.inputs.metadata).length).toBeLessThan(26_000);
    const files = filesOf(userDataOf(instance));
    expect(Object.values(files).join('')).not.toMatch(/PRIVATE KEY|PASSWORD '/);
  }
});

test('no secret is configured, and none is in inputs, in files of machines, or in outputs', () => {
  expect(readFileSync(join(directory, 'index.ts'), 'utf8')).not.toMatch(/Secret\w*\(/);
  for (const secret of ['PRIVATE KEY', "PASSWORD '"])
    expect(exposures(readable(resources), secret)).toEqual([]);
});

test('only the addresses of replicas may stream, and nobody comes from everywhere', () => {
  for (const instance of ofType(resources, 'oci:Core/instance:Instance')) {
    const rules = filesOf(userDataOf(instance))['/etc/pontoon/pg_hba.conf'] ?? '';
    const streams = rules.split('\n').filter((line) => line.startsWith('hostssl replication '));
    expect(streams).toHaveLength(3);
    for (const line of streams)
      expect(line).toMatch(
        /^hostssl replication "pontoon_standby" 10\.[12]0\.1\.1[12]\/32 scram-sha-256$/,
      );
    expect(rules).not.toMatch(/0\.0\.0\.0|trust|^host /m);
  }
  for (const { inputs } of ofType(
    resources,
    'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule',
  ))
    if (inputs.direction === 'INGRESS') expect(inputs.source).not.toBe('0.0.0.0/0');
});

test('a quorum is named, and waits for no replica that is not', async () => {
  const quorate = await record({ 'oci-streaming-cluster:quorum': '1' });
  const [primary] = ofType(quorate, 'oci:Core/instance:Instance');
  const settings = primary && filesOf(userDataOf(primary))['/etc/pontoon/conf.d/10-settings.conf'];
  expect(settings).toContain(`synchronous_standby_names = 'ANY 1 ("east2", "west1", "west2")'`);
});

test('a promotion can be asked for with what the program says', async () => {
  let said: unknown;
  await recordExample({}, (exports) => {
    said = exports.promotion;
  });
  const { topology, connections } = parsePromotion(JSON.parse(JSON.stringify(said)));
  expect(Object.keys(topology.servers)).toEqual(Object.keys(connections));
});

test('the rehearsal reads a topology and where each server is', () => {
  const { outputs } = only(resources, 'pontoon:index:StreamingCluster');
  expect(Object.keys(readTopology(outputs?.topology).servers)).toEqual([
    'east1',
    'east2',
    'west1',
    'west2',
  ]);
  expect(outputs?.bindings).toMatchObject({
    west2: {
      server: 'west2',
      host: '10.20.1.12',
      port: 5432,
      database: 'orders',
      secret: 'ocid1.vaultsecret.oc1.iad.administrator',
    },
  });
});

const present = cloudInitIsThere();
if (!present) process.stderr.write('user data: not checked, cloud-init is not installed\n');

(present ? test : test.skip)('cloud-init finds nothing in what the machines are told', () => {
  for (const instance of ofType(resources, 'oci:Core/instance:Instance'))
    expect(cloudConfigRemarks(userDataOf(instance))).toBe('');
});
