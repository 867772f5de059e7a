import * as command from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { said } from './violations';

const remote = { host: '10.0.4.5', user: 'opc', hostKey: 'ssh-ed25519 AAAA', privateKey: 'key' };

test('connections that nobody checks are refused', async () => {
  const stdin = JSON.stringify({
    connection: { sslMode: 'verify-full' },
    spec: { kind: 'subscription', publisher: { sslMode: 'require' } },
  });
  const program = () =>
    new command.remote.Command('object', { connection: remote, create: 'pontoon apply', stdin });
  expect(await said(program)).toEqual([
    "pontoon-verified-tls: 'spec.publisher.sslMode' must be verify-full or verify-ca, got require; otherwise nobody checks who answers",
  ]);
});

test('commands to hosts that anybody may be, and replacements that drop, are refused', async () => {
  const program = () =>
    new command.remote.Command('object', {
      connection: { ...remote, hostKey: '', proxy: { host: 'bastion' } },
      create: 'pontoon apply',
      delete: 'pontoon drop',
      triggers: [1],
    });
  expect(await said(program)).toEqual([
    "pontoon-known-hosts: 'connection.hostKey' must be the host's public key, got nothing; any host would be trusted",
    "pontoon-known-hosts: 'connection.proxy.hostKey' must be the host's public key, got nothing; any host would be trusted",
    "pontoon-known-hosts: 'triggers' cannot be given beside 'delete', since a replacement drops after it applied; give 'update'",
  ]);
});

test.each([
  ['PGPASSWORD', 'swordfish', 1],
  ['PGPASSWORD', '$word', 1],
  ['SHOP_DB_PASSWORD', 'swordfish', 1],
  ['DATABASE_URL', 'postgres://app:swordfish@db/shop', 1],
  ['PGPASSFILE', '/run/pgpass', 0],
  ['ADMIN_PASSWORD', 'ocid1.vaultsecret.oc1..admin', 0],
])('the variable %s=%s of a command is refused %i times', async (variable, value, times) => {
  const environment = { [variable]: value };
  const program = () => [
    new command.remote.Command('there', { connection: remote, create: 'psql', environment }),
    new command.local.Command('here', { create: 'psql', environment }),
  ];
  const rule = `pontoon-no-plaintext-secrets: 'environment.${variable}' cannot hold a password or a private key, got one; keep it in OCI Vault, and name its OCID`;
  expect(await said(program)).toEqual(Array(2 * times).fill(rule));
});

test('what a command next to Pulumi runs is looked at like what it sends', async () => {
  const create = "PGPASSWORD=swordfish psql 'host=db sslmode=disable'";
  const update = 'psql "host=db sslmode=$mode" || PGSSLMODE=verify-full psql';
  const program = () => new command.local.Command('object', { create, update });
  expect(await said(program)).toEqual([
    "pontoon-verified-tls: 'sslmode' in 'create' must be verify-full or verify-ca, got disable; otherwise nobody checks who answers",
    "pontoon-no-plaintext-secrets: 'create' cannot hold a password or a private key, got one; keep it in OCI Vault, and name its OCID",
  ]);
});

test('a connection string of a command, and a variable of it, that checks nobody is refused', async () => {
  const program = () =>
    new command.remote.Command('object', {
      connection: remote,
      create: "psql 'host=db sslmode=require'",
      environment: { PGSSLMODE: 'prefer' },
    });
  const rest = 'must be verify-full or verify-ca, got';
  expect(await said(program)).toEqual([
    `pontoon-verified-tls: 'sslmode' in 'create' ${rest} require; otherwise nobody checks who answers`,
    `pontoon-verified-tls: 'sslmode' in 'environment.PGSSLMODE' ${rest} prefer; otherwise nobody checks who answers`,
  ]);
});

test('files are copied to hosts that are known only', async () => {
  const program = () =>
    new command.remote.CopyToRemote('file', {
      connection: { ...remote, hostKey: '' },
      source: new pulumi.asset.StringAsset('text'),
      remotePath: '/tmp/file',
    });
  expect(await said(program)).toEqual([
    "pontoon-known-hosts: 'connection.hostKey' must be the host's public key, got nothing; any host would be trusted",
  ]);
});
