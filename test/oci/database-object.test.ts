import * as pulumi from '@pulumi/pulumi';
import { DatabaseObject, type DatabaseObjectArgs, RunnerAuth } from '../../lib/oci';
import { exposures } from './described';
import { only, refusal, registered } from './programs';

const COMMAND = 'command:remote:Command';

function args(others: Partial<DatabaseObjectArgs> = {}): DatabaseObjectArgs {
  return {
    runner: {
      host: '10.0.1.5',
      user: 'opc',
      hostKey: 'ssh-ed25519 AAAA',
      privateKey: 'the-private-key',
    },
    server: {
      server: 'blue',
      host: 'blue.postgresql.us-ashburn-1.oc1.oraclecloud.com',
      port: 5432,
      database: 'shop',
      secret: 'ocid1.vaultsecret.oc1..login',
      caCertificate: 'PEM',
    },
    spec: { kind: 'logical-slot', name: 'pontoon', plugin: 'pgoutput', failover: false },
    ...others,
  };
}

async function command(others: Partial<DatabaseObjectArgs> = {}) {
  return only(await registered(() => new DatabaseObject('slot', args(others))), COMMAND);
}

test('an object is applied when it is made and when it changes, and dropped when it goes', async () => {
  const { inputs, name } = await command();
  const apply = 'OCI_CLI_AUTH=instance_principal pontoon apply --owner shop/dev/slot';
  expect(name).toBe('slot-logical-slot-pontoon-in-blue-shop');
  expect(inputs).toMatchObject({
    create: apply,
    update: apply,
    delete: 'OCI_CLI_AUTH=instance_principal pontoon drop --owner shop/dev/slot',
    logging: 'stderr',
    addPreviousOutputInEnv: false,
  });
  expect(inputs).not.toHaveProperty('triggers');
});

test('what is in another database or server is another object, so that the old one is dropped where it is', async () => {
  const { server } = args();
  const moved = await command({ server: { ...server, database: 'store' } });
  expect(moved.name).toBe('slot-logical-slot-pontoon-in-blue-store');
  const elsewhere = await command({ server: { ...server, server: 'green' } });
  expect(elsewhere.name).toBe('slot-logical-slot-pontoon-in-green-shop');
  // The same server under another address keeps what it has.
  const renamed = await command({ server: { ...server, host: 'blue.postgres.internal' } });
  expect(renamed.name).toBe('slot-logical-slot-pontoon-in-blue-shop');
});

test('the host is told where secrets are, and no secret', async () => {
  const { inputs } = await command({ adopt: true });
  expect(JSON.parse(String(inputs.stdin))).toEqual({
    connection: {
      server: 'blue',
      host: 'blue.postgresql.us-ashburn-1.oc1.oraclecloud.com',
      port: 5432,
      database: 'shop',
      secret: 'ocid1.vaultsecret.oc1..login',
      sslMode: 'verify-full',
      caCertificate: 'PEM',
    },
    spec: { kind: 'logical-slot', name: 'pontoon', plugin: 'pgoutput', failover: false },
    adopt: true,
  });
});

test('keys are kept as secrets, also those of a host in between', async () => {
  const { inputs } = await command({
    runner: {
      ...args().runner,
      auth: RunnerAuth.API_KEY,
      program: '/opt/pontoon 1/bin/pontoon',
      proxy: { host: 'bastion', user: 'ocid1.session', hostKey: 'ssh-rsa BBBB' },
    },
  });
  expect(inputs.connection).toEqual({
    secret: {
      host: '10.0.1.5',
      user: 'opc',
      hostKey: 'ssh-ed25519 AAAA',
      privateKey: 'the-private-key',
      port: 22,
      perDialTimeout: 15,
      dialErrorLimit: 60,
      proxy: {
        host: 'bastion',
        user: 'ocid1.session',
        hostKey: 'ssh-rsa BBBB',
        privateKey: 'the-private-key',
        port: 22,
        perDialTimeout: 15,
        dialErrorLimit: 10,
      },
    },
  });
  expect(inputs.create).toBe(
    "OCI_CLI_AUTH=api_key '/opt/pontoon 1/bin/pontoon' apply --owner shop/dev/slot",
  );
});

test('the component keeps them as secrets too', async () => {
  const proxy = { host: 'b', user: 'b', hostKey: 'ssh-rsa BBBB', privateKey: 'the-private-key-2' };
  const resources = await registered(
    () => new DatabaseObject('slot', args({ runner: { ...args().runner, proxy } })),
  );
  expect(exposures(resources, 'the-private-key')).toEqual([]);
});

test('what a spec gets from another resource is filled in when that is there', async () => {
  const secret = pulumi.output('ocid1.vaultsecret.oc1..reader');
  const spec = {
    kind: 'role',
    name: 'pontoon_reader',
    secret,
    replication: true,
    memberOf: [],
    database: ['CONNECT'],
    readSchemas: ['public'],
    writeSchemas: [],
  };
  const { inputs } = await command({ spec });
  expect(JSON.parse(String(inputs.stdin)).spec.secret).toBe('ocid1.vaultsecret.oc1..reader');
});

test('a spec is checked before anything is deployed', async () => {
  const spec = { kind: 'logical-slot', name: 'No Slot', plugin: 'pgoutput', failover: false };
  expect(await refusal(() => new DatabaseObject('slot', args({ spec })))).toBe(
    "database object 'slot': 'spec.name' must consist of lower-case letters, digits and underscores, got \"No Slot\"; rename the slot",
  );
});

test('a host without a host key is refused, since any host would be trusted', async () => {
  const runner = { ...args().runner, hostKey: '' };
  expect(await refusal(() => new DatabaseObject('slot', args({ runner })))).toBe(
    "database object 'slot': 'runner.hostKey' must be the host's public key, got nothing; without it any host would be trusted",
  );
});
