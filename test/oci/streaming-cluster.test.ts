import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUTHORITY } from '../../examples/oci-streaming-cluster/authority';
import { HostSslMode, type StreamingClusterArgs } from '../../lib/oci';
import { renderMetadata } from '../../lib/oci/postgres-host/files';
import { makeAuthority } from './authority';
import { ofType, only, refusal, registered } from './programs';
import { cluster, LOGINS, server } from './streaming-cluster-programs';
import { violations } from './violations';

const RULE = 'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule';

const SSH = { destinationPortRange: { min: 22, max: 22 } };
const scratch = mkdtempSync(join(tmpdir(), 'pontoon-authority-'));
const signed = makeAuthority(scratch).sign('10.1.1.11');
afterAll(() => rmSync(scratch, { recursive: true }));

const REFUSED_LOGINS = {
  ...LOGINS,
  administrator: 'postgres',
  administratorNetworks: ['0.0.0.0/0'],
  clients: [{ role: 'shop', networks: ['everywhere'] }],
  shellNetworks: ['0.0.0.0/0'],
};

test('a cluster in one network that is there is registered, without alarms unless a topic is given', async () => {
  const types = (await registered(cluster())).map(({ type }) => type);
  expect(types.filter((type) => type === 'oci:Core/instance:Instance')).toHaveLength(2);
  expect(types).not.toContain('oci:Monitoring/alarm:Alarm');
});

test.each<[string, Partial<StreamingClusterArgs>, string]>([
  [
    'a primary that is none of the servers, and one server only',
    {
      primary: 'three',
      servers: { one: server('10.1.1.11') },
      archiveRegion: 'us-phoenix-1',
      archiveRetentionDays: 0,
    },
    `StreamingCluster 'orders' has 4 problems:
- 'primary' must be one of 'servers', got 'three'; name one of one
- 'servers' must be two or more, got 1; add a replica
- 'archiveRetentionDays' must be a whole number from 1, got 0; correct it
- 'archiveRegion' must be one of 'regions', got 'us-phoenix-1'; name one of us-ashburn-1`,
  ],
  [
    'servers in no place',
    {
      servers: {
        one: server('10.1.1.11', { region: 'us-phoenix-1' }),
        two: server('10.1.2.12'),
        three: server('ten'),
      },
    },
    `StreamingCluster 'orders' has 3 problems:
- 'servers.one.region' must be one of 'regions', got 'us-phoenix-1'; name one of us-ashburn-1
- 'servers.two.address' must be out of the region's subnet 10.1.1.0/24 and not one of its first two addresses or its last one, got 10.1.2.12; choose a free one
- 'servers.three.address' must be an IPv4 address, got "ten"; choose a free one of 10.1.1.0/24`,
  ],
  [
    'a quorum of more replicas than there are',
    { synchronous: { quorum: 2, standbys: ['two'] } },
    "StreamingCluster 'orders': 'servers.one.synchronous.quorum' must be a whole number from 1 to the number of standbys, which is 1, got 2; correct it",
  ],
  [
    'one address for two servers',
    { servers: { one: server('10.1.1.11'), two: server('10.1.1.11') } },
    "PostgresHost 'orders-one': 'addresses.two' must be the server's own, got 10.1.1.11, which is that of one; choose another one",
  ],
  [
    'who would come from everywhere, or by another name',
    { logins: REFUSED_LOGINS },
    `PostgresHost 'orders-one' has 4 problems:
- 'logins.administrator' cannot be 'postgres', which logs in on the machine itself only; choose another name
- 'logins.administratorNetworks[0]' must be an IPv4 network as CIDR of /8 or smaller, got "0.0.0.0/0"; write it like 10.1.0.0/16
- 'logins.clients[0].networks[0]' must be an IPv4 network as CIDR of /8 or smaller, got "everywhere"; write it like 10.1.0.0/16
- 'logins.shellNetworks[0]' must be an IPv4 network as CIDR of /8 or smaller, got "0.0.0.0/0"; write it like 10.1.0.0/16`,
  ],
  [
    'who would come from nowhere, and a vault in no region',
    { logins: { ...LOGINS, secretsRegion: 'ashburn', administratorNetworks: [] } },
    `PostgresHost 'orders-one' has 2 problems:
- 'logins.secretsRegion' must be named as OCI names it, got 'ashburn'; write it like us-ashburn-1
- 'logins.administratorNetworks' must have at least one network, got none; name that of the machine which pontoon runs on, like 10.1.0.0/16`,
  ],
  [
    'a key where the authority should be',
    { tls: { caCertificate: signed.key } },
    "PostgresHost 'orders-one': 'tls.caCertificate' must be certificates only, got a private key among them, which everybody on the machine could read; remove it, and take another key where this text has been",
  ],
  [
    "a server's certificate where the authority should be",
    { tls: { caCertificate: signed.certificate } },
    "PostgresHost 'orders-one': 'tls.caCertificate' must be an authority's certificate, got one that may sign nothing; give the one that signed the servers' certificates",
  ],
  [
    'addresses in certificates for a major that finds none',
    {
      majorVersion: 14,
      tls: { caCertificate: AUTHORITY, sslMode: HostSslMode.VERIFY_FULL },
    },
    "PostgresHost 'orders-one': 'tls.sslMode' requires PostgreSQL 15 or later for VERIFY_FULL, got 14; take VERIFY_CA, with an authority that signs for nobody else",
  ],
  [
    'a machine that cannot be',
    {
      servers: {
        one: server('10.1.1.11', {
          machine: {
            imageId: 'image',
            dataVolumeGiB: 10,
            packagesUrl: 'http://mirror.internal/',
            cliPackages: 'oci; reboot',
            sshPublicKey: '-----BEGIN OPENSSH PRIVATE KEY-----',
          },
        }),
        two: server('10.1.1.12'),
      },
      maxSlotWalKeepMiB: 1024,
    },
    `PostgresHost 'orders-one' has 4 problems:
- 'machine.dataVolumeGiB' must be a whole number from 50 to 32768, got 10; correct it
- 'machine.packagesUrl' must be an https URL without a slash at its end, got "http://mirror.internal/"; correct it
- 'machine.cliPackages' must be names of packages separated by blanks, got "oci; reboot"; correct it
- 'machine.sshPublicKey' must be a public key of SSH, got another text; give the line of the .pub file`,
  ],
])('%s is refused while Pulumi previews', async (_, others, message) => {
  expect(await refusal(cluster(others))).toBe(message);
});

test('what a tenancy has once is named after project and stack', async () => {
  const resources = await registered(cluster());
  const nameOf = (type: string): unknown => only(resources, type).inputs.name;
  expect(nameOf('oci:Identity/dynamicGroup:DynamicGroup')).toBe('shop-dev-orders-servers');
  expect(nameOf('oci:ObjectStorage/bucket:Bucket')).toBe('shop-dev-orders-archive');
  expect(ofType(resources, 'oci:Identity/policy:Policy').map(({ inputs }) => inputs.name)).toEqual([
    'shop-dev-orders-archive',
    'shop-dev-orders-servers',
  ]);
  const [machine] = ofType(resources, 'pontoon:index:PostgresHost');
  expect(machine?.inputs.metricsNamespace).toBe('pontoon_shop_dev_orders');
});

test('nobody logs in to a machine unless a network and a key are given', async () => {
  const shells = async (others: Partial<StreamingClusterArgs>) => {
    const resources = await registered(cluster(others));
    expect(violations(resources)).toEqual([]);
    const rules = ofType(resources, RULE).filter(({ name }) => name.includes('-shell-'));
    const [machine] = ofType(resources, 'oci:Core/instance:Instance');
    return {
      rules: rules.map(({ name, inputs }) => [name, inputs.direction, inputs.source]),
      ports: rules.map(({ inputs }) => inputs.tcpOptions),
      key: Object(machine?.inputs.metadata).ssh_authorized_keys,
    };
  };
  expect(await shells({})).toEqual({ rules: [], ports: [], key: undefined });
  const machine = { imageId: 'ocid1.image.oc1.iad.ol9', sshPublicKey: 'ssh-ed25519 AAAA ops\n' };
  const given = await shells({
    logins: { ...LOGINS, shellNetworks: ['10.1.9.0/28'] },
    servers: { one: server('10.1.1.11', { machine }), two: server('10.1.1.12') },
  });
  expect(given).toEqual({
    rules: [
      ['orders-one-server-shell-from-10-1-9-0-28', 'INGRESS', '10.1.9.0/28'],
      ['orders-two-server-shell-from-10-1-9-0-28', 'INGRESS', '10.1.9.0/28'],
    ],
    ports: [SSH, SSH],
    key: 'ssh-ed25519 AAAA ops',
  });
});

test('more than a machine can be told is refused', () => {
  // What repeats would be packed to nothing, were it packed.
  const files = { parameters: {}, settings: '', hba: '', caCertificate: 'A'.repeat(20_000) };
  expect(() => renderMetadata('one', files)).toThrow(
    /^server 'one': the machine's metadata must be at most 32000 bytes, got \d+; shorten 'tls\.caCertificate' to the one authority that is needed$/,
  );
  const broken = { ...files, parameters: { BUCKET: 'a\nREGION=b' } };
  expect(() => renderMetadata('one', broken)).toThrow(
    "the files of a server: 'BUCKET' must be one line, got a line break; remove it",
  );
});
