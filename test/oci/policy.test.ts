import { gzipSync } from 'node:zlib';
import * as command from '@pulumi/command';
import * as oci from '@pulumi/oci';
import { BlueGreenDeployment, BlueGreenEndpoint } from '../../lib/oci';
import { deployment } from './deployment';
import { COMPARTMENT, registered, VCN } from './programs';
import { said, violations } from './violations';

const backend = { port: 5432, isDrain: false, isOffline: false };

function backendSet(
  others: Partial<oci.networkloadbalancer.NetworkLoadBalancersBackendSetsUnifiedArgs>,
  protect = true,
) {
  return new oci.networkloadbalancer.NetworkLoadBalancersBackendSetsUnified(
    'set',
    {
      networkLoadBalancerId: 'ocid1.networkloadbalancer.oc1..shop',
      policy: 'FIVE_TUPLE',
      isPreserveSource: false,
      healthChecker: { protocol: 'TCP' },
      backends: [
        { ...backend, ipAddress: '10.0.2.10' },
        { ...backend, ipAddress: '10.0.2.20', isDrain: true },
      ],
      ...others,
    },
    { protect },
  );
}

const nsgRule = {
  networkSecurityGroupId: 'ocid1.nsg.oc1..shop',
  direction: 'INGRESS',
  source: '0.0.0.0/0',
};

const remote = { host: '10.0.4.5', user: 'opc', hostKey: 'ssh-ed25519 AAAA', privateKey: 'key' };

function dbSystem(others: Partial<oci.psql.DbSystemArgs> = {}, protect = true): oci.psql.DbSystem {
  return new oci.psql.DbSystem(
    'db',
    {
      compartmentId: COMPARTMENT,
      dbVersion: '16',
      displayName: 'db',
      networkDetails: { subnetId: 'ocid1.subnet.oc1..databases' },
      shape: 'VM.Standard.E5.Flex',
      storageDetails: { isRegionallyDurable: true, systemType: 'OCI_OPTIMIZED_STORAGE' },
      ...others,
    },
    { protect },
  );
}

function host(content: string, encoding?: string) {
  const data = `#cloud-config\n${JSON.stringify({ write_files: [{ path: '/f', content, encoding }] })}`;
  return new oci.core.Instance('host', {
    compartmentId: COMPARTMENT,
    availabilityDomain: 'AD-1',
    shape: 'VM.Standard.E5.Flex',
    metadata: { user_data: Buffer.from(data).toString('base64') },
  });
}

test('a deployment keeps to every policy', async () => {
  const resources = await registered(() => new BlueGreenDeployment('shop', deployment()));
  expect(violations(resources)).toEqual([]);
});

test('what alone knows the active side is protected', async () => {
  const rule =
    "pontoon-one-active-backend: 'protect' must be true for what alone knows which database is active, got false; otherwise an edit that replaces it may lead clients to the other one";
  expect(await said(() => backendSet({}, false))).toEqual([rule]);
  const endpoint = () =>
    new BlueGreenEndpoint('shop', {
      compartmentId: COMPARTMENT,
      vcnId: VCN,
      subnetId: 'ocid1.subnet.oc1..endpoint',
      blue: { server: 'blue', ipAddress: '10.0.2.10' },
      green: { server: 'green', ipAddress: '10.0.2.20' },
      names: { zone: 'postgres.internal' },
      clientNetworks: ['10.0.1.0/24'],
      databaseNetworks: ['10.0.2.0/24'],
      protect: false,
    });
  expect(await said(endpoint)).toEqual([rule, rule]);
});

test('a backend set with one active database is fine, also after a switch', async () => {
  expect(await said(() => backendSet({}))).toEqual([]);
});

test.each([
  ['two', [backend, backend], 2],
  [
    'none',
    [
      { ...backend, isOffline: true },
      { ...backend, isDrain: true },
    ],
    0,
  ],
])('%s active databases are refused', async (_, backends, active) => {
  expect(await said(() => backendSet({ backends }))).toEqual([
    `pontoon-one-active-backend: 'backends' must have exactly one database that takes connections, got ${active}; set isDrain of the others`,
  ]);
});

test('a load balancer that decides by itself is refused', async () => {
  const backends = [backend, { ...backend, ipAddress: '10.0.2.20', isBackup: true }];
  const isFailOpen = true;
  expect(await said(() => backendSet({ backends, isFailOpen, isPreserveSource: true }))).toEqual([
    "pontoon-one-active-backend: 'backends.isBackup' cannot be true for a database, since a short failure of the other one would send writes there; drain it",
    "pontoon-one-active-backend: 'isFailOpen' cannot be true for databases, since it sends writes to a side that nobody switched to; remove it",
    "pontoon-one-active-backend: 'isPreserveSource' must be false for backends with an address, got nothing or true; databases would answer to clients that never asked them",
  ]);
});

test('a database that is a backend of its own is refused', async () => {
  const program = () =>
    new oci.networkloadbalancer.Backend('blue', {
      backendSetName: 'databases',
      networkLoadBalancerId: 'ocid1.networkloadbalancer.oc1..shop',
      port: 5432,
      ipAddress: '10.0.2.10',
    });
  expect(await said(program)).toEqual([
    "pontoon-one-active-backend: a database cannot be a backend of its own, since two of them change in two calls; put it into 'backends' of NetworkLoadBalancersBackendSetsUnified",
  ]);
});

const OPEN =
  "pontoon-no-open-port: 'source' must be a network for port 5432, got 0.0.0.0/0; name the networks of clients";

test.each([
  [
    'the port itself',
    { protocol: '6', tcpOptions: { destinationPortRange: { min: 5432, max: 5432 } } },
  ],
  [
    'a range with it',
    { protocol: '6', tcpOptions: { destinationPortRange: { min: 5000, max: 6000 } } },
  ],
  ['every port of TCP', { protocol: '6' }],
  ['everything', { protocol: 'all' }],
])('%s is not opened to everybody by a security group', async (_, options) => {
  const program = () =>
    new oci.core.NetworkSecurityGroupSecurityRule('rule', { ...nsgRule, ...options });
  expect(await said(program)).toEqual([OPEN]);
});

test.each([
  ['0.0.0.0/1', 1],
  ['128.0.0.0/1', 1],
  ['::/0', 1],
  ['2000::/3', 1],
  ['10.0.0.0/8', 0],
  ['fd00:10::/32', 0],
  ['ocid1.networksecuritygroup.oc1..shop', 0],
])('a rule that opens the port to %s is said %i times', async (source, times) => {
  const program = () =>
    new oci.core.NetworkSecurityGroupSecurityRule('rule', { ...nsgRule, source, protocol: '6' });
  expect(await said(program)).toEqual(
    Array(times).fill(OPEN.replace('got 0.0.0.0/0', `got ${source}`)),
  );
});

test('nor by a security list, while other ports are nobody’s business', async () => {
  const list = (min: number) => () =>
    new oci.core.SecurityList('list', {
      compartmentId: COMPARTMENT,
      vcnId: VCN,
      ingressSecurityRules: [{ protocol: '6', source: '0.0.0.0/0', tcpOptions: { min, max: min } }],
    });
  expect(await said(list(5432))).toEqual([OPEN]);
  expect(await said(list(443))).toEqual([]);
});

test.each([
  'host all all 10.0.0.0/8 scram-sha-256',
  'hostssl replication standby 10.0.1.5/32 md5',
  'hostssl all all 0.0.0.0/0 trust',
])('the line %p of pg_hba.conf is refused', async (line) => {
  const file = ['local all postgres peer', 'host all all 127.0.0.1/32 trust', line].join('\n');
  expect(await said(() => host(file))).toEqual([
    `pontoon-verified-tls: pg_hba.conf must ask for TLS and a password that is never sent, got '${line}'; write hostssl and scram-sha-256`,
  ]);
});

test('TLS with SCRAM, and what is rejected, is fine', async () => {
  const file = 'hostssl all all 10.0.0.0/8 scram-sha-256\nhostnossl all all 0.0.0.0/0 reject';
  expect(await said(() => host(file))).toEqual([]);
});

test.each([
  ['a variable', 'PGPASSWORD=swordfish psql'],
  ['a connection string', 'psql "host=db user=app password=swordfish"'],
  ['an address', 'psql postgresql://app:swordfish@db/shop'],
  ['a key', 'echo "-----BEGIN OPENSSH PRIVATE KEY-----"'],
])('a secret in %s of a command or a host is refused', async (_, text) => {
  const program = () => [
    new command.remote.Command('object', { connection: remote, create: text }),
    host(text),
  ];
  const rule = (what: string) =>
    `pontoon-no-plaintext-secrets: '${what}' cannot hold a password or a private key, got one; keep it in OCI Vault, and name its OCID`;
  expect((await said(program)).sort()).toEqual([rule('create'), rule('metadata.user_data')]);
});

test.each([
  ['gz+b64', gzipSync('PGPASSWORD=swordfish psql').toString('base64')],
  ['b64', Buffer.from('PGPASSWORD=swordfish psql').toString('base64')],
])('a secret in a file that is packed as %s is refused', async (encoding, content) => {
  expect(await said(() => host(content, encoding))).toEqual([
    "pontoon-no-plaintext-secrets: 'metadata.user_data' cannot hold a password or a private key, got one; keep it in OCI Vault, and name its OCID",
  ]);
});

test('what a shell fetches itself is fine', async () => {
  const text = 'PGPASSWORD="$(fetch)" psql "password=$word passfile=/run/pgpass"';
  expect(await said(() => host(text))).toEqual([]);
});

test('a database with a password in its state, without protection or restart is refused', async () => {
  const credentials = {
    username: 'admin',
    passwordDetails: { passwordType: 'PLAIN_TEXT', password: 'swordfish' },
  };
  const configId = 'ocid1.configuration.oc1..shop';
  expect(await said(() => dbSystem({ credentials, configId }, false))).toEqual([
    "pontoon-no-plaintext-secrets: 'credentials.passwordDetails.passwordType' must be VAULT_SECRET, got PLAIN_TEXT; keep it in OCI Vault, and name its OCID",
    "pontoon-protected-databases: 'protect' must be true for what holds a database, got false; otherwise an edit that replaces it loses all data",
    "pontoon-protected-databases: 'applyConfig' must be RESTART, got nothing; a reload changes neither wal_level nor extensions",
  ]);
});

test('a secret whose content a program knows is refused', async () => {
  const program = () =>
    new oci.vault.Secret('login', {
      compartmentId: COMPARTMENT,
      vaultId: 'ocid1.vault.oc1..shop',
      keyId: 'ocid1.key.oc1..shop',
      secretName: 'login',
      secretContent: { contentType: 'BASE64', content: 'c3dvcmRmaXNo' },
    });
  expect(await said(program)).toEqual([
    "pontoon-no-plaintext-secrets: 'secretContent' cannot be given by a program, whose state would hold it; set enableAutoGeneration, or put the secret into the vault by hand",
  ]);
});
