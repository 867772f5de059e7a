import { Lazy } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import {
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import { type CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DmsMigrationType, DmsPlugin, type DmsReplicationProps } from '../../../lib/aws/dms';
import { ServerBinding } from '../../../lib/aws/server-binding';
import { DmsLobMode, ValidationError } from '../../../lib/postgres';
import { type Fixture, fixture, replicate } from './fixture';

function problemsOf(given: Partial<DmsReplicationProps>, made = fixture()): readonly string[] {
  try {
    replicate(made, given);
  } catch (error) {
    if (error instanceof ValidationError) return error.problems;
    throw error;
  }
  return [];
}

function without(made: Fixture, ...names: (keyof DmsReplicationProps)[]): Fixture {
  const props = { ...made.props };
  for (const name of names) delete (props as Record<string, unknown>)[name];
  return { ...made, props };
}

const cases: [string, Partial<DmsReplicationProps>, string[]][] = [
  [
    'a slot name that PostgreSQL refuses, and pglogical on a standby',
    { slotName: 'Slot-1', plugin: DmsPlugin.PGLOGICAL },
    [
      `'slotName' must consist of lower-case letters, digits and underscores, got "Slot-1"; rename the slot`,
      "'plugin' must be 'test-decoding' for a standby, since pglogical writes to the server that it decodes, got 'pglogical'; use TEST_DECODING",
    ],
  ],
  [
    'CDC from a slot without a position',
    { migrationType: DmsMigrationType.CDC },
    [
      "'cdcStartPosition' must be given for 'cdc' with 'slotName', got nothing; take confirmed_flush_lsn of slot 'pontoon_aurora'",
    ],
  ],
  [
    'a time as position',
    { migrationType: DmsMigrationType.CDC, cdcStartPosition: '2026-01-01T00:00:00' },
    [
      "'cdcStartPosition' must be a log position such as '4AF/B00000D0' or a checkpoint, got '2026-01-01T00:00:00'; PostgreSQL sources know no start by time, so take confirmed_flush_lsn of the slot",
    ],
  ],
  [
    'a position for a load',
    { cdcStartPosition: '0/1' },
    [
      "'cdcStartPosition' must be left out for 'full-load-and-cdc', which begins with the load, got '0/1'; remove it or set 'migrationType' to CDC",
    ],
  ],
  [
    'a slot for a load alone',
    { migrationType: DmsMigrationType.FULL_LOAD },
    [
      "'slotName' must be left out for 'full-load', which decodes nothing, got 'pontoon_aurora'; remove it or choose another 'migrationType'",
    ],
  ],
  [
    'an engine that cannot read a standby',
    { engineVersion: '3.5.4' },
    ["'engineVersion' must be 3.6.1 or later to read a standby, got '3.5.4'; raise it"],
  ],
  [
    'an engine that is no version',
    { engineVersion: 'latest' },
    ["'engineVersion' must look like '3.6.1', got 'latest'; name a release of the DMS engine"],
  ],
  [
    'sizes and counters',
    { storageGiB: 2, reload: -1 },
    [
      "'storageGiB' must be a whole number from 5 to 6144, got 2; correct it",
      "'reload' must be a whole number, got -1; raise it by one for each reload",
    ],
  ],
  [
    'serverless with what belongs to an instance',
    {
      serverless: { maxCapacityUnits: 3, minCapacityUnits: 4 },
      instanceClass: 'dms.t3.medium',
      multiAz: true,
      engineVersion: '3.6.1',
      migrationType: DmsMigrationType.CDC,
      cdcStartPosition: '0/1',
    },
    [
      "'cdcStartPosition' cannot be given with 'serverless', which knows no start of its own, got '0/1'; use a replication instance",
      "'engineVersion' cannot be chosen with 'serverless', got '3.6.1'; remove it or use a replication instance",
      "'instanceClass' cannot be given with 'serverless', got dms.t3.medium; remove one of the two",
      "'multiAz' cannot be given with 'serverless', got true; remove one of the two",
      "'serverless.maxCapacityUnits' must be one of 1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384, got 3; pick one",
      "'serverless.minCapacityUnits' must be at most 'maxCapacityUnits', got 4 and 3; exchange them",
      "'secretsManagerEndpoint' must be given for 'serverless', which reads the logins only through one, got nothing; add a VPC endpoint for Secrets Manager and name it",
    ],
  ],
  [
    'mappings and settings, together',
    {
      selection: { schemas: ['pontoon'] },
      taskSettings: { batchApply: true, lobMode: DmsLobMode.UNLIMITED },
    },
    [
      `'selection.schemas[0]' cannot be a system schema or pontoon's own, got "pontoon"; remove it`,
      "'taskSettings.batchApply' requires 'lobMode' to be 'limited', got 'unlimited'; set 'lobMode' to LIMITED or remove 'batchApply'",
    ],
  ],
  [
    'mappings that are too long',
    {
      selection: {
        tables: Array.from({ length: 20_000 }, (_, index) => ({
          schema: 'public',
          name: `table_${index}`,
        })),
      },
    },
    [
      "'selection' must compile to at most 2 MiB of table mappings, got more from 20000 tables; select whole schemas or split the selection",
    ],
  ],
];

test.each(cases)('%s', (_what, given, problems) => {
  expect(problemsOf(given)).toEqual(problems);
});

test('a standby without a slot', () => {
  expect(problemsOf({}, without(fixture(), 'slotName'))).toEqual([
    "'slotName' must be given for a standby, on which AWS DMS cannot make a slot, got nothing; make a LogicalSlot there and name it",
  ]);
});

test('an older engine and no slot are fine for a primary', () => {
  const made = without(fixture(), 'slotName', 'sourceIsStandby');
  expect(problemsOf({ engineVersion: '3.5.4' }, made)).toEqual([]);
});

test('a position that is known at deployment is left to AWS', () => {
  const cdcStartPosition = Lazy.string({ produce: () => 'later' });
  expect(problemsOf({ migrationType: DmsMigrationType.CDC, cdcStartPosition })).toEqual([]);
});

test('all problems come at once, and name the construct', () => {
  expect(() => replicate(fixture(), { storageGiB: 1, reload: 0.5 })).toThrow(
    "DMS replication 'Replication' has 2 problems:\n- 'storageGiB' must be a whole number from 5 to 6144, got 1; correct it\n- 'reload' must be a whole number, got 0.5; raise it by one for each reload",
  );
});

test('serverless on a standby is unchecked, and says so', () => {
  const made = fixture();
  const { vpc } = made.props;
  const service = InterfaceVpcEndpointAwsService.SECRETS_MANAGER;
  const secretsManagerEndpoint = new InterfaceVpcEndpoint(made.stack, 'Endpoint', { vpc, service });
  replicate(made, { serverless: { maxCapacityUnits: 1 }, secretsManagerEndpoint });
  Annotations.fromStack(made.stack).hasWarning(
    '/Test/Replication',
    Match.stringLikeRegexp(
      '^unchecked: AWS DMS Serverless chooses its engine itself, and a standby needs engine 3.6.1 or later; use a replication instance, or look at the engine before you rely on it',
    ),
  );
});

describe('the network', () => {
  test('subnets without a way out need an endpoint for the logins', () => {
    const subnets = { subnetType: SubnetType.PRIVATE_ISOLATED };
    const islandOf = ({ stack }: Fixture): Vpc =>
      new Vpc(stack, 'Island', {
        maxAzs: 2,
        subnetConfiguration: [{ name: 'island', subnetType: SubnetType.PRIVATE_ISOLATED }],
      });
    const closed = fixture();
    expect(problemsOf({ vpc: islandOf(closed), subnets }, closed)).toEqual([
      "'secretsManagerEndpoint' must be given in subnets without a way out, through which AWS DMS reads the logins, got nothing; add a VPC endpoint for Secrets Manager and name it",
    ]);
    const made = fixture();
    const vpc = islandOf(made);
    const service = InterfaceVpcEndpointAwsService.SECRETS_MANAGER;
    const secretsManagerEndpoint = new InterfaceVpcEndpoint(made.stack, 'Door', { vpc, service });
    expect(problemsOf({ vpc, subnets, secretsManagerEndpoint }, made)).toEqual([]);
  });

  test('one availability zone is too few', () => {
    const made = fixture();
    const vpc = new Vpc(made.stack, 'Narrow', { maxAzs: 1 });
    expect(problemsOf({ vpc }, made)).toEqual([
      "'subnets' must lie in two availability zones or more, got 1; add subnets",
    ]);
  });
});

describe('certificates', () => {
  test.each([
    ['', 'nothing'],
    ['rds-ca-2019', 'another text'],
  ])('must be there: %j', (caCertificate, got) => {
    const made = fixture();
    const { server, host, database, secret } = made.props.source;
    const source = new ServerBinding({ server, host, database, secret, caCertificate });
    expect(problemsOf({ source }, made)).toEqual([
      `'source.caCertificate' must be a PEM text or 'aws-rds', got ${got}; give the certificates that sign the server's`,
    ]);
  });
});

describe('logins', () => {
  test('the password that Amazon RDS manages', () => {
    const made = fixture();
    const cluster = new DatabaseCluster(made.stack, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({
        version: AuroraPostgresEngineVersion.VER_17_9,
      }),
      vpc: made.props.vpc,
      writer: ClusterInstance.serverlessV2('Writer'),
      manageMasterUserPassword: true,
      credentials: Credentials.fromUsername('admin_user'),
    });
    const { secret } = cluster;
    expect(secret).toBeDefined();
    expect(problemsOf({ ...(secret === undefined ? {} : { targetSecret: secret }) }, made)).toEqual(
      [
        "'targetSecret' cannot be the password that Amazon RDS manages, which holds neither host nor port, got the cluster's master user secret; make a role of its own for AWS DMS, with a DmsLogin",
      ],
    );
  });

  test('characters that AWS DMS refuses, as the CDK leaves them in', () => {
    const made = fixture();
    const cluster = new DatabaseCluster(made.stack, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({
        version: AuroraPostgresEngineVersion.VER_17_9,
      }),
      vpc: made.props.vpc,
      writer: ClusterInstance.serverlessV2('Writer'),
    });
    const { secret } = cluster;
    expect(problemsOf({ ...(secret === undefined ? {} : { targetSecret: secret }) }, made)).toEqual(
      [
        "'targetSecret' must exclude the characters that AWS DMS refuses in a password, got a generated one that may hold '.', ','; add them to 'excludeCharacters' or use a DmsLogin",
      ],
    );
  });

  test('a secret without an address', () => {
    const made = fixture();
    const sourceSecret = new Secret(made.stack, 'Plain', {
      generateSecretString: {
        secretStringTemplate: '{"username": "dms"}',
        generateStringKey: 'password',
        excludePunctuation: true,
      },
    });
    expect(problemsOf({ sourceSecret }, made)).toEqual([
      "'sourceSecret' must hold 'username', 'password', 'host' and 'port' for AWS DMS, got a generated one without 'host', 'port'; add them to 'secretStringTemplate' or use a DmsLogin",
    ]);
  });

  test('a secret from elsewhere is believed', () => {
    const made = fixture();
    const sourceSecret = Secret.fromSecretNameV2(made.stack, 'Elsewhere', 'dms/reader');
    expect(problemsOf({ sourceSecret }, made)).toEqual([]);
  });

  test('a DmsLogin holds the address as CloudFormation knows it', () => {
    const made = fixture();
    expect(
      made.stack.resolve(
        (made.props.sourceSecret.node.defaultChild as CfnSecret).generateSecretString,
      ),
    ).toEqual({
      secretStringTemplate: '{"username":"dms_reader","host":"10.0.0.10","port":5432}',
      generateStringKey: 'password',
      passwordLength: 32,
      excludeCharacters: ';.:+{}*&,%\\ ~`#$()|[]<>?!\'/@"=^',
    });
  });
});
