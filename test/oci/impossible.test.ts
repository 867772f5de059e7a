// What no program can say: the mistakes that these components leave no room for.
import { readFileSync } from 'node:fs';
import { BlueGreenDeployment } from '../../lib/oci';
import type { RegisteredResource } from '../../lib/rehearsal/pulumi-program';
import { administered, deployment } from './deployment';
import { ofType, registered } from './programs';

const DB_SYSTEM = 'oci:Psql/dbSystem:DbSystem';
const CONFIGURATION = 'oci:Psql/configuration:Configuration';

let resources: readonly RegisteredResource[];
beforeAll(async () => {
  const blue = { ...administered('blue'), shape: 'VM.Standard3.Flex', ocpus: 4 };
  const green = { ...administered('green'), shape: 'PostgreSQL.VM.Standard.E4.2', ocpus: 2 };
  const program = () =>
    new BlueGreenDeployment(
      'shop',
      deployment({
        blue: { majorVersion: 16, dbSystem: blue },
        green: { majorVersion: 17, dbSystem: green },
      }),
    );
  resources = await registered(program);
});

test('a configuration is of the major and the shape of its database', () => {
  const systems = ofType(resources, DB_SYSTEM);
  expect(systems).toHaveLength(2);
  for (const { inputs } of systems) {
    const configuration = ofType(resources, CONFIGURATION).find(
      ({ name }) => inputs.configId === `ocid1.configuration.oc1..${name}`,
    );
    expect(configuration?.inputs).toMatchObject({
      dbVersion: inputs.dbVersion,
      shape: inputs.shape,
      isFlexible: String(inputs.shape).endsWith('.Flex'),
    });
  }
});

test('no resolver gets a rule, so that none comes before its endpoint or takes the place of somebody else’s', () => {
  for (const { inputs } of ofType(resources, 'oci:Dns/resolver:Resolver'))
    expect(Object.keys(inputs).sort()).toEqual(['attachedViews', 'resolverId', 'scope']);
});

test('no password is in a credential, and no secret is given by the program', () => {
  for (const { inputs } of ofType(resources, DB_SYSTEM))
    expect(inputs.credentials).toMatchObject({ passwordDetails: { passwordType: 'VAULT_SECRET' } });
  for (const { inputs } of ofType(resources, 'oci:Vault/secret:Secret')) {
    expect(inputs).toMatchObject({ enableAutoGeneration: true });
    expect(inputs).not.toHaveProperty('secretContent');
  }
});

test('no other version of what runs commands is installed, since a later one does not know host keys', () => {
  const { peerDependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const name = '@pulumi/command';
  expect([peerDependencies[name], devDependencies[name]]).toEqual(['1.2.1', '1.2.1']);
});
