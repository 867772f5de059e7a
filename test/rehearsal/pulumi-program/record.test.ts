import { join } from 'node:path';
import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { recordProgram } from '../../../lib/rehearsal/pulumi-program';
import { refusedPrograms } from './refused';

class Site extends pulumi.ComponentResource {
  constructor(name: string) {
    super('test:index:Site', name, {});
    const region = new oci.Provider(
      `${name}-ashburn`,
      { region: 'us-ashburn-1' },
      { parent: this },
    );
    const vcn = new oci.core.Vcn(
      name,
      { compartmentId: new pulumi.Config().require('compartmentId'), cidrBlocks: ['10.0.0.0/16'] },
      { parent: this, provider: region, protect: true, ignoreChanges: ['cidrBlocks'] },
    );
    this.registerOutputs({ vcnId: vcn.id, password: pulumi.secret('swordfish') });
  }
}

test('a program is recorded with all that it registers', async () => {
  const config = { 'site:compartmentId': 'ocid1.compartment.oc1..shop' };
  const resources = await recordProgram({ project: 'site', stack: 'dev', config }, () => {
    new Site('main');
  });
  const byName = Object.fromEntries(resources.map((resource) => [resource.type, resource]));
  const vcn = byName['oci:Core/vcn:Vcn'];
  expect(vcn).toMatchObject({
    name: 'main',
    custom: true,
    inputs: { compartmentId: 'ocid1.compartment.oc1..shop', cidrBlocks: ['10.0.0.0/16'] },
    protect: true,
    ignoreChanges: ['cidrBlocks'],
    parent: byName['test:index:Site']?.urn,
    provider: byName['pulumi:providers:oci']?.urn,
  });
  expect(byName['test:index:Site']?.outputs).toEqual({
    vcnId: 'ocid1.vcn.oc1..main',
    password: { secret: 'swordfish' },
  });
});

test('what a program throws is thrown', async () => {
  const failing = recordProgram({ project: 'site', stack: 'dev', config: {} }, () => {
    new Site('main');
  });
  await expect(failing).rejects.toThrow(
    "Missing required configuration variable 'site:compartmentId'",
  );
});

test('what is thrown while an output is computed is thrown, although others wait for that output', () => {
  const [problem] = refusedPrograms(join(__dirname, 'failing-program.ts')).apply ?? [];
  expect(problem).toMatch(/no such compartment$/);
});
