import { Duration, Fn, Lazy, Stack } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  Bridge,
  HybridMigration,
  ReplicationMethod,
  RunnerFunction,
  ServerBinding,
  SignalWhen,
} from '../../../lib/aws';
import {
  DmsTransformationAction,
  DmsTransformationTarget,
  FilterOperator,
  PublisherSslMode,
  WalLevel,
} from '../../../lib/postgres';
import { PEM } from '../certificate';
import { type Changes, migrationProps, newApp, newStack, synthesize } from './fixture';

function refusal(changes: Changes): string {
  const made = newStack();
  try {
    new HybridMigration(made.stack, 'Migration', migrationProps(made, changes));
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}

const LOGIN = Secret.fromSecretNameV2(new Stack(), 'Login', 'reader');

const OTHER_BRIDGE =
  "set 'replication.bridge' to Bridge.PROMOTE, and 'standby.promoted' once you promoted the standby";

const SINGLE: readonly [string, Changes, string][] = [
  [
    'a prefix that no slot can have',
    { props: { namePrefix: 'Orders' } },
    `'namePrefix' must be a lower-case letter followed by up to 29 lower-case letters, digits or underscores, and neither 'pg' nor begin with 'pg_', got "Orders"; slots cannot have other names, so choose another one`,
  ],
  [
    'a standby before PostgreSQL 16',
    { source: { majorVersion: 15 } },
    `'replication.bridge' requires PostgreSQL 16 or later to decode on a standby, got 15; ${OTHER_BRIDGE}`,
  ],
  [
    'a source that cannot be decoded',
    { source: { walLevel: WalLevel.REPLICA } },
    `'source.walLevel' must be 'logical' for its standby 'standby' to decode, got "replica"; set wal_level = logical there and say so, or ${OTHER_BRIDGE}`,
  ],
  [
    'a major that is too old',
    { source: { majorVersion: 12 }, replication: { bridge: Bridge.PROMOTE } },
    "'source.majorVersion' must be a whole PostgreSQL major of at least 14, got 12; upgrade the server first",
  ],
  [
    'a token as the database',
    { source: { databaseName: Fn.ref('AWS::StackName') } },
    "'source.databaseName' must be known while the program runs, got a CDK token; write the plain value, and give addresses and secrets as bindings",
  ],
  [
    'a token in the selection',
    { replication: { selection: { schemas: [Fn.ref('AWS::StackName')] } } },
    "'replication.selection.schemas[0]' must be known while the program runs, got a CDK token; write the plain value, and give addresses and secrets as bindings",
  ],
  [
    'no networks of the source',
    { source: { cidrs: [] } },
    "'source.cidrs' must name the networks of the source, got none; write them like 192.0.2.0/24",
  ],
  [
    'every address as a network',
    { source: { cidrs: ['0.0.0.0/0'] } },
    `'source.cidrs[0]' must be a network as CIDR, from /8 to /32, got "0.0.0.0/0"; write it like 192.0.2.0/24`,
  ],
  [
    'a port that is none',
    { source: { port: 70_000 } },
    "'source.port' must be a whole number from 1 to 65535, got 70000; correct it",
  ],
  [
    'a disk without room',
    { source: { diskGiB: 0 } },
    "'source.diskGiB' must be above 0, got 0; give the size of the disk that holds the source's data",
  ],
  [
    'a file name for a certificate',
    { source: { caCertificate: '/etc/ssl/ca.pem' } },
    "'source.caCertificate' must be certificates in PEM, got another text; give the text of the file that signed the source's certificate, not its name",
  ],
  [
    'what only looks like a certificate',
    {
      source: {
        caCertificate: `${PEM}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----`,
      },
    },
    "'source.caCertificate' must be certificates in PEM, got something else as number 2 of 2; copy the whole text of the file",
  ],
  [
    'a private key beside the certificate, and does not repeat it',
    {
      source: {
        caCertificate: `${PEM}-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n`,
      },
    },
    "'source.caCertificate' must be certificates only, got a private key among them, which would be in the template for all to read; remove it, and take another key where this text has been",
  ],
  [
    'a network twice, however it is written',
    { source: { cidrs: ['192.0.2.0/24', '198.51.100.0/24', '192.0.2.7/24'] } },
    `'source.cidrs[2]' must be another network than 'source.cidrs[0]', since a table has one route to each, got "192.0.2.7/24"; remove one`,
  ],
  [
    'half of all addresses',
    { source: { cidrs: ['192.0.2.0/24', '128.0.0.0/1'] } },
    `'source.cidrs[1]' must be a network as CIDR, from /8 to /32, got "128.0.0.0/1"; write it like 192.0.2.0/24`,
  ],
  [
    'an address that AWS keeps for itself at the beginning',
    { standby: { privateIpAddress: '10.0.128.3' } },
    "'standby.privateIpAddress' cannot be one of the first four addresses or the last one of the subnet 10.0.128.0/18, which AWS keeps for itself, got '10.0.128.3'; choose another one",
  ],
  [
    'an address that AWS keeps for itself at the end',
    { standby: { privateIpAddress: '10.0.191.255' } },
    "'standby.privateIpAddress' cannot be one of the first four addresses or the last one of the subnet 10.0.128.0/18, which AWS keeps for itself, got '10.0.191.255'; choose another one",
  ],
  [
    'an address with a leading zero',
    { standby: { privateIpAddress: '10.0.128.010' } },
    `'standby.privateIpAddress' must be an IPv4 address, got "10.0.128.010"; choose one out of the subnet`,
  ],
  [
    'a promotion over the other bridge',
    { standby: { promoted: true } },
    "'standby.promoted' must be left out unless 'replication.bridge' is Bridge.PROMOTE, got true; set the bridge or remove it",
  ],
  [
    'to read from a standby whose copy has only begun',
    { standby: { signalWhen: SignalWhen.COPY_BEGUN } },
    "'standby.signalWhen' must be SignalWhen.STREAMING where the standby is read from in the same deployment, got COPY_BEGUN; set 'replication.deferred' until the copy is complete and the standby streams, then remove both",
  ],
  [
    'to defer what waits for a promotion anyway',
    { replication: { bridge: Bridge.PROMOTE, deferred: true } },
    "'replication.deferred' must be left out with Bridge.PROMOTE, which replicates to the target only once the standby was promoted, got true; remove it",
  ],
  [
    'a copy that CloudFormation would wait for too long',
    { standby: { timeout: Duration.hours(13) } },
    "'standby.timeout' must be from 10 minutes to 12 hours, got 46800 seconds; for a longer copy set 'signalWhen' to COPY_BEGUN, and make what reads from the standby in a later deployment",
  ],
  [
    'a name for an address',
    { standby: { privateIpAddress: 'standby.internal' } },
    `'standby.privateIpAddress' must be an IPv4 address, got "standby.internal"; choose one out of the subnet`,
  ],
  [
    'an address of another subnet',
    { standby: { privateIpAddress: '10.0.1.10' } },
    "'standby.privateIpAddress' must be out of the standby's subnet 10.0.128.0/18, got '10.0.1.10'; choose another one, or give 'standby.subnet'",
  ],
  [
    'a translated address that is none',
    { standby: { addressSeenBySource: '192.0.2.300' } },
    `'standby.addressSeenBySource' must be an IPv4 address, got "192.0.2.300"; give the one that the source sees`,
  ],
  [
    'a volume of a half',
    { standby: { dataVolumeGiB: 0.5 } },
    "'standby.dataVolumeGiB' must be a whole number above 0, got 0.5; give the size of the primary's data and more",
  ],
  [
    'no writes at all',
    { props: { monitoring: { writeRateMiBPerSecond: 0 } } },
    "'monitoring.writeRateMiBPerSecond' must be above 0, got 0; measure it on the source with pg_current_wal_lsn()",
  ],
  [
    'a target of which no version is known',
    { target: { majorVersion: 14 } },
    "'target.cluster.engineVersion' must be given for PostgreSQL 14, of which no Aurora version is known here, got nothing; take it from the Aurora release notes",
  ],
  [
    "another major's version of the target",
    { target: { cluster: { engineVersion: '16.9' } } },
    "'target.cluster.engineVersion' must be of PostgreSQL 17, such as '17.1', got '16.9'; correct one of the two",
  ],
  [
    'options of DMS for native replication',
    { replication: { method: ReplicationMethod.NATIVE, dms: {} } },
    "'replication.dms' must be left out with ReplicationMethod.NATIVE, got options; remove them or choose ReplicationMethod.DMS",
  ],
  [
    'an option of native replication for DMS',
    { replication: { subscriptionSslMode: PublisherSslMode.REQUIRE } },
    "'replication.subscriptionSslMode' must be left out with ReplicationMethod.DMS, got 'require'; remove it",
  ],
  [
    'no subnets',
    { props: { subnets: { subnets: [] } } },
    "'subnets' must select at least one subnet, got none; choose subnets with a way to AWS's APIs",
  ],
  [
    'a login without a name',
    { replication: { reader: { secret: LOGIN, username: '' } } },
    "'replication.reader.username' must not be empty, got ''; give a name",
  ],
  [
    'a role without a name',
    { target: { readOnlyRoles: ['tester', ''] } },
    "'target.readOnlyRoles[1]' must not be empty, got ''; give a name",
  ],
  [
    'row filters that PostgreSQL 14 cannot publish, before the promotion',
    {
      source: { majorVersion: 14 },
      replication: {
        bridge: Bridge.PROMOTE,
        method: ReplicationMethod.NATIVE,
        selection: {
          tables: [
            {
              schema: 'shop',
              name: 'orders',
              rowFilters: [{ column: 'id', operator: FilterOperator.EQUAL, values: ['1'] }],
            },
          ],
        },
      },
    },
    "'replication.selection.tables.rowFilters' requires PostgreSQL 15 or later on 'standby', got 14; leave it out or use ReplicationMethod.DMS",
  ],
];

test.each(SINGLE)('refuses %s', (_what, changes, problem) => {
  expect(refusal(changes)).toBe(`hybrid migration 'Migration': ${problem}`);
});

test('refuses to accept what preflight never finds, and forgets about it once the standby was promoted', () => {
  const preflight = { accept: [{ check: 'setings' }] };
  const bridge = Bridge.PROMOTE;
  expect(refusal({ props: { preflight }, replication: { bridge } })).toBe(
    `hybrid migration 'Migration': 'preflight.accept[0].check' must be a check of 'onPremises', got "setings"; choose one of version, settings, room, privileges, statement-log, access, tablespaces, standby-volume, unlogged-tables, prepared-transactions, long-transactions, collations`,
  );
  const { template } = synthesize({
    props: { preflight },
    replication: { bridge },
    standby: { promoted: true },
  });
  template.resourceCountIs('Custom::PontoonPreflight', 0);
});

test('names the properties of AWS DMS and of the cluster as they were typed', () => {
  const dms = {
    engineVersion: '3.5.4',
    reload: -1,
    storageGiB: 2,
    serverless: { maxCapacityUnits: 3 },
    transformations: [
      {
        target: DmsTransformationTarget.SCHEMA,
        action: DmsTransformationAction.RENAME,
        schema: 'shop',
      },
    ],
  };
  const cluster = { readers: 16, serverlessMinCapacity: 0 };
  expect(
    refusal({ replication: { dms }, target: { cluster } }),
  ).toBe(`hybrid migration 'Migration' has 10 problems:
- 'target.cluster.readers' must be a whole number from 0 to 15, got 16; correct it
- 'target.cluster.serverlessMinCapacity' must be above 0, got 0; with logical replication the writer never pauses, so give 0.5 or more
- 'replication.dms.transformations[0].value' must be given for 'rename', got nothing; add it
- 'replication.dms.engineVersion' cannot be chosen with 'serverless', got '3.5.4'; remove it or use a replication instance
- 'replication.dms.engineVersion' must be 3.6.1 or later to read a standby, got '3.5.4'; raise it
- 'replication.dms.storageGiB' must be a whole number from 5 to 6144, got 2; correct it
- 'replication.dms.storageGiB' cannot be given with 'serverless', got 2; remove one of the two
- 'replication.dms.serverless.maxCapacityUnits' must be one of 1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384, got 3; pick one
- 'replication.dms.secretsManagerEndpoint' must be given for 'serverless', which reads the logins only through one, got nothing; add a VPC endpoint for Secrets Manager and name it
- 'replication.dms.reload' must be a whole number, got -1; raise it by one for each reload`);
});

test('says everything at once', () => {
  const changes: Changes = {
    source: { majorVersion: 15, cidrs: ['192.0.2.0'], username: '' },
    standby: { promoted: true },
    replication: { selection: {} },
  };
  expect(refusal(changes)).toBe(
    [
      "hybrid migration 'Migration' has 4 problems:",
      "- 'replication.selection' must name at least one schema or table, got none; set 'schemas' or 'tables'",
      `- 'source.cidrs[0]' must be a network as CIDR, from /8 to /32, got "192.0.2.0"; write it like 192.0.2.0/24`,
      "- 'source.username' must not be empty, got ''; give a name",
      "- 'standby.promoted' must be left out unless 'replication.bridge' is Bridge.PROMOTE, got true; set the bridge or remove it",
    ].join('\n'),
  );
});

test('says of each name that pg_hba.conf cannot have where it was typed, and of a bad prefix not what follows', () => {
  const changes: Changes = {
    source: { databaseName: 'sh\nop', username: '/admin', majorVersion: Number.NaN },
    props: { namePrefix: 'Orders' },
  };
  expect(refusal(changes)).toBe(
    [
      "hybrid migration 'Migration' has 4 problems:",
      `- 'namePrefix' must be a lower-case letter followed by up to 29 lower-case letters, digits or underscores, and neither 'pg' nor begin with 'pg_', got "Orders"; slots cannot have other names, so choose another one`,
      "- 'source.majorVersion' must be a whole PostgreSQL major of at least 14, got NaN; upgrade the server first",
      `- 'source.databaseName' cannot contain a line break, got "sh\\nop"; rename it`,
      `- 'source.username' cannot start with '/', which PostgreSQL 16 takes for a regular expression, got "/admin"; rename it`,
    ].join('\n'),
  );
});

test('says all at once what would be written into files of the standby, in the words that were typed', () => {
  const changes: Changes = {
    props: { namePrefix: 'Orders' },
    source: {
      host: "x'; DROP",
      databaseName: 'a\nb',
      username: 'a\nb',
      superuser: '"',
      port: 70_000,
    },
    standby: {
      dataVolumeGiB: 5,
      timeout: Duration.seconds(Lazy.number({ produce: () => 900 })),
    },
    replication: { reader: { secret: LOGIN, username: '/a' } },
  };
  expect(refusal(changes)).toBe(
    [
      "hybrid migration 'Migration' has 9 problems:",
      `- 'namePrefix' must be a lower-case letter followed by up to 29 lower-case letters, digits or underscores, and neither 'pg' nor begin with 'pg_', got "Orders"; slots cannot have other names, so choose another one`,
      `- 'source.databaseName' cannot contain a line break, got "a\\nb"; rename it`,
      "- 'source.port' must be a whole number from 1 to 65535, got 70000; correct it",
      `- 'source.username' cannot contain a line break, got "a\\nb"; rename it`,
      `- 'source.host' must be a host name or an address, got "x'; DROP"; correct it`,
      `- 'source.superuser' cannot be empty or contain a double quote or a line break, got "\\""; give another superuser of the primary`,
      "- 'standby.timeout' must be known while the program runs, got a CDK token; write the plain value",
      "- 'standby.dataVolumeGiB' must be at least 6 for 3000 operations a second, got 5; gp3 volumes have at most 500 for each GiB, so raise it",
      `- 'replication.reader.username' cannot start with '/', which PostgreSQL 16 takes for a regular expression, got "/a"; rename it`,
    ].join('\n'),
  );
});

test('refuses what an existing cluster already has, and a binding that the topology does not know', () => {
  const made = newStack();
  const binding = new ServerBinding({
    server: 'reporting',
    host: 'cluster.example.com',
    database: 'other',
    secret: new Secret(made.stack, 'ClusterLogin'),
    caCertificate: 'aws-rds',
  });
  const connectable = new SecurityGroup(made.stack, 'ClusterGroup', { vpc: made.vpc });
  const props = migrationProps(made, {
    target: {
      existing: { binding, connectable },
      cluster: { readers: 2 },
    },
  });
  expect(() => new HybridMigration(made.stack, 'Migration', props)).toThrow(
    [
      "hybrid migration 'Migration' has 3 problems:",
      "- 'target.existing.binding.server' must be 'aurora', as the topology calls the target, got 'reporting'; make a ServerBinding of that name",
      `- 'target.existing.binding.database' must be the target's database "shop", got "other"; correct it or give 'target.databaseName'`,
      "- 'target.cluster' must be left out for an existing cluster, got options; remove them or 'target.existing'",
    ].join('\n'),
  );
});

test('refuses applications that would write to a standby, and networks that are none', () => {
  const applications = [{ role: '', cidr: '0.0.0.0/0' }];
  expect(refusal({ standby: { applications } })).toBe(
    [
      "hybrid migration 'Migration' has 3 problems:",
      "- 'standby.applications' must be left out unless 'replication.bridge' is Bridge.PROMOTE, since nobody writes to a standby, got a list; set the bridge or remove it",
      "- 'standby.applications[0].role' must not be empty, got ''; give a name",
      `- 'standby.applications[0].cidr' must be one IPv4 network, got "0.0.0.0/0"; write it like 10.20.0.0/16`,
    ].join('\n'),
  );
});

test('refuses a second function of one logical id, and a second server of one name', () => {
  const { stack, vpc } = newStack();
  const runner = new RunnerFunction(stack, 'Runner', { vpc });
  expect(() => new RunnerFunction(stack, 'Second', { vpc })).toThrow(
    "'logicalId' must be unique in the stack, got 'PontoonRunner' twice; share one RunnerFunction by 'runner', or give the second another 'logicalId'",
  );
  const secret = new Secret(stack, 'Login');
  const [one, other] = ['a.example', 'b.example'].map(
    (host) =>
      new ServerBinding({ server: 'a', host, database: 'shop', secret, caCertificate: PEM }),
  ) as [ServerBinding, ServerBinding];
  expect(runner.ledgerOn(one)).toBe(runner.ledgerOn(one));
  expect(() => runner.ledgerOn(other)).toThrow(
    "'server' must be unique among the bindings of one RunnerFunction, got 'a' twice; use one ServerBinding for all objects on a server, and another name for another server",
  );
});

test('refuses the names that another migration of the app has on a server', () => {
  const app = newApp();
  const make = (id: string, changes: Changes = {}, existing?: { host: string; port: number }) => {
    const made = newStack(id, app);
    const target =
      existing === undefined
        ? {}
        : {
            existing: {
              binding: new ServerBinding({
                server: 'aurora',
                ...existing,
                database: 'shop',
                secret: new Secret(made.stack, 'ClusterLogin'),
                caCertificate: 'aws-rds',
              }),
              connectable: new SecurityGroup(made.stack, 'ClusterGroup', { vpc: made.vpc }),
            },
          };
    const replication = { method: ReplicationMethod.NATIVE };
    const props = migrationProps(made, { target, replication, ...changes });
    return () => new HybridMigration(made.stack, 'Migration', props);
  };
  const cluster = { host: 'cluster.example.com', port: 5432 };
  make('One', {}, cluster)();
  const taken = (where: string) =>
    `'namePrefix' must be unique among the migrations of one server, got 'pontoon' as 'One/Migration' has it on ${where}; give one of the two another 'namePrefix'`;
  expect(make('Two', {}, cluster)).toThrow(
    `hybrid migration 'Migration' has 2 problems:
- ${taken('db.corp.example:5432')}
- ${taken('cluster.example.com:5432')}`,
  );
  expect(make('Three', { props: { namePrefix: 'pontoon' } })).toThrow(
    `hybrid migration 'Migration': ${taken('db.corp.example:5432')}`,
  );
  expect(make('Four', { props: { namePrefix: 'orders' } }, cluster)).not.toThrow();
  expect(make('Five', { source: { port: 5433 } })).not.toThrow();
});
