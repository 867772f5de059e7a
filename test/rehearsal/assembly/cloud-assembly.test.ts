// biome-ignore-all lint/suspicious/noTemplateCurlyInString: asset manifests hold placeholders
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  findAsset,
  findStack,
  readCloudAssembly,
  stackIdentity,
} from '../../../lib/rehearsal/assembly';
import { messageOf } from './message-of';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-assembly-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function write(file: string, content: object): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true });
  writeFileSync(join(directory, file), JSON.stringify(content));
}

function stack(
  templateFile: string,
  dependencies: readonly string[] = [],
  environment = 'aws://unknown-account/unknown-region',
) {
  return {
    type: 'aws:cloudformation:stack',
    environment,
    properties: { templateFile },
    dependencies,
  };
}

test('stacks come in the order of their dependencies, with those of stages', () => {
  write('manifest.json', {
    artifacts: {
      App: stack('app.json', ['Net', 'App.assets']),
      Net: {
        ...stack('net.json', [], 'aws://123456789012/eu-central-1'),
        displayName: 'Prod/Net',
        properties: { templateFile: 'net.json', stackName: 'network', parameters: { Size: 3 } },
      },
      'assembly-Stage': { type: 'cdk:cloud-assembly', properties: { directoryName: 'stage' } },
      'App.assets': { type: 'cdk:asset-manifest', properties: { file: 'app.assets.json' } },
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
    },
  });
  for (const file of ['app.json', 'net.json', 'stage/inner.json']) write(file, { Resources: {} });
  write('stage/manifest.json', { artifacts: { Inner: stack('inner.json') } });
  write('app.assets.json', {
    files: {
      one: {
        source: { path: 'asset.one', packaging: 'zip' },
        destinations: {
          here: { bucketName: 'b-${AWS::AccountId}-${AWS::Region}', objectKey: 'one.zip' },
        },
      },
      made: { source: { executable: ['make'] }, destinations: {} },
    },
  });
  const assembly = readCloudAssembly(directory);
  expect(
    assembly.stacks.map(({ stackName, account, region, parameters }) => [
      stackName,
      account,
      region,
      parameters,
    ]),
  ).toEqual([
    ['network', '123456789012', 'eu-central-1', { Size: '3' }],
    ['App', undefined, undefined, {}],
    ['Inner', undefined, undefined, {}],
  ]);
  expect(findStack(assembly, 'Prod/Net').stackName).toBe('network');
  const identity = stackIdentity('App', '123456789012', 'eu-central-1');
  expect(findAsset(assembly.assets, 'b-123456789012-eu-central-1', 'one.zip', identity).path).toBe(
    join(directory, 'asset.one'),
  );
  expect(messageOf(() => findAsset(assembly.assets, 'b', 'one.zip', identity))).toBe(
    `asset "s3://b/one.zip" must be in the cloud assembly's asset manifests, got none with that place; synthesize again with the default synthesizer`,
  );
  expect(messageOf(() => findStack(assembly, 'Nope'))).toBe(
    'stack "Nope" must be in the cloud assembly, got "network", "App", "Inner"; name one of them or synthesize again',
  );
});

test('a directory without manifest, and stacks in a cycle', () => {
  expect(messageOf(() => readCloudAssembly(directory))).toBe(
    `directory "${directory}" must be a cloud assembly, got no manifest.json in it; run cdk synth first`,
  );
  write('manifest.json', { artifacts: { A: stack('a.json', ['B']), B: stack('b.json', ['A']) } });
  expect(messageOf(() => readCloudAssembly(directory))).toBe(
    'stacks cannot depend on each other in a cycle, got A → B → A',
  );
});
