import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseCutover } from '../../lib/postgres';
import { type RegisteredResource, recordProgram } from '../../lib/rehearsal/pulumi-program';
import { described, exposures } from '../oci/described';
import { ofType, only } from '../oci/programs';
import { violations } from '../oci/violations';

const directory = join(__dirname, '../../examples/oci-blue-green');
const SECRETS = { 'oci-blue-green:sshPrivateKey': 'the-private-key-that-nobody-may-read' };

function record(change: Readonly<Record<string, string>> = {}): Promise<RegisteredResource[]> {
  const { config } = parse(readFileSync(join(directory, 'Pulumi.dev.yaml'), 'utf8'));
  return recordProgram(
    {
      project: 'oci-blue-green',
      stack: 'dev',
      config: {
        ...config,
        'oci-blue-green:schemaCopied': 'true',
        ...SECRETS,
        ...change,
      },
      secretKeys: Object.keys(SECRETS),
    },
    () => jest.isolateModules(() => require('../../examples/oci-blue-green')),
  );
}

let resources: RegisteredResource[];
beforeAll(async () => {
  resources = await record();
});

test('is what it was', () => {
  expect(described(resources)).toMatchSnapshot();
});

test('every secret of the configuration is one that is looked for', () => {
  const program = readFileSync(join(directory, 'index.ts'), 'utf8');
  const keys = [...program.matchAll(/(?:require|get)Secret\w*\('(\w+)'/g)].map(([, key]) => key);
  expect(keys.map((key) => `oci-blue-green:${key}`)).toEqual(Object.keys(SECRETS));
});

test('no secret is unmarked, be it in inputs, in what commands read, or in outputs', () => {
  for (const secret of [...Object.values(SECRETS), 'PRIVATE KEY'])
    expect(exposures(resources, secret)).toEqual([]);
  // What is generated in Vault is known to nobody, and what was put there is named only.
  for (const { inputs } of ofType(resources, 'oci:Vault/secret:Secret'))
    expect(Object.keys(inputs)).not.toContain('secretContent');
});

test('keeps to every policy', () => {
  expect(violations(resources)).toEqual([]);
});

test('both databases are protected', () => {
  expect(
    ofType(resources, 'oci:Psql/dbSystem:DbSystem').map(({ name, protect }) => [name, protect]),
  ).toEqual([
    ['shop-blue', true],
    ['shop-green', true],
  ]);
});

test('a cutover can be walked with what it says', () => {
  const { outputs } = only(resources, 'pontoon:index:BlueGreenDeployment');
  const { plan } = parseCutover(JSON.parse(String(outputs?.cutover)));
  expect(plan).toMatchObject({ from: 'blue', to: 'green' });
});

test('commands go through the bastion that is configured', async () => {
  const bastion = {
    host: 'bastion.example',
    user: 'ocid1.bastionsession.oc1',
    hostKey: 'ssh-rsa AAAA',
  };
  const proxied = await record({ 'oci-blue-green:proxy': JSON.stringify(bastion) });
  const commands = ofType(proxied, 'command:remote:Command');
  expect(commands.length).toBeGreaterThan(5);
  for (const { inputs } of commands)
    expect(inputs.connection).toMatchObject({ secret: { proxy: { ...bastion } } });
  expect(violations(proxied)).toEqual([]);
});
