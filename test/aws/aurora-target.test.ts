import { RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { AuroraTarget, type AuroraTargetProps } from '../../lib/aws';
import { checkTemplate } from '../templates/cloudformation-schema';
import { newStack } from './hybrid/fixture';

function templateOf(given: Partial<AuroraTargetProps> = {}): Template {
  const { stack, vpc } = newStack();
  new AuroraTarget(stack, 'Target', { vpc, majorVersion: 17, databaseName: 'shop', ...given });
  return Template.fromStack(stack);
}

function refusal(given: Partial<AuroraTargetProps>): string {
  try {
    templateOf(given);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}

test.each([15, 16, 17, 18])(
  'PostgreSQL %i gets the parameters that Aurora is known to have',
  (major) => {
    const template = templateOf({ majorVersion: major });
    expect(checkTemplate(template.toJSON())).toEqual([]);
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Family: `aurora-postgresql${major}`,
      Parameters: Match.exact({
        'pg_stat_statements.track_utility': '0',
        'rds.force_ssl': '1',
        'rds.logical_replication': '1',
        max_replication_slots: '10',
        max_wal_senders: '10',
        max_logical_replication_workers: '5',
        max_sync_workers_per_subscription: '4',
        max_worker_processes: '16',
      }),
    });
  },
);

test('the cluster is private, encrypted, protected and verified by the roots of Amazon RDS', () => {
  const template = templateOf();
  template.hasResourceProperties('AWS::RDS::DBCluster', {
    StorageEncrypted: true,
    DeletionProtection: true,
    EnableIAMDatabaseAuthentication: true,
    ServerlessV2ScalingConfiguration: { MinCapacity: 1, MaxCapacity: 16 },
  });
  template.hasResource('AWS::RDS::DBCluster', { DeletionPolicy: 'Snapshot' });
  template.allResourcesProperties('AWS::RDS::DBInstance', {
    PubliclyAccessible: false,
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
  });
  template.hasResourceProperties('AWS::SecretsManager::Secret', {
    GenerateSecretString: {
      ExcludeCharacters: Match.stringLikeRegexp('[,.]'),
      GenerateStringKey: 'password',
      PasswordLength: 32,
    },
  });
});

test('a retained cluster keeps what it needs', () => {
  const template = templateOf({ removalPolicy: RemovalPolicy.RETAIN });
  for (const type of [
    'AWS::RDS::DBCluster',
    'AWS::RDS::DBClusterParameterGroup',
    'AWS::RDS::DBSubnetGroup',
    'AWS::SecretsManager::Secret',
  ])
    template.allResources(type, { DeletionPolicy: 'Retain' });
});

const SINGLE: readonly [Partial<AuroraTargetProps>, string][] = [
  [{ databaseName: '' }, "'databaseName' must not be empty, got ''; give a name"],
  [{ readers: 16 }, "'readers' must be a whole number from 0 to 15, got 16; correct it"],
  [
    { majorVersion: 19 },
    "'engineVersion' must be given for PostgreSQL 19, of which no Aurora version is known here, got nothing; take it from the Aurora release notes",
  ],
  [
    { engineVersion: '17' },
    "'engineVersion' must be of PostgreSQL 17, such as '17.1', got '17'; correct one of the two",
  ],
  [
    { instanceType: new InstanceType('r6g.large'), serverlessMaxCapacity: 8 },
    "'instanceType' cannot be given together with serverless capacities, got r6g.large; remove one of the two",
  ],
  [
    { serverlessMinCapacity: 0 },
    "'serverlessMinCapacity' must be above 0, got 0; with logical replication the writer never pauses, so give 0.5 or more",
  ],
  [
    { serverlessMaxCapacity: 300 },
    "'serverlessMaxCapacity' must be a multiple of 0.5 up to 256, got 300; correct it",
  ],
  [
    { serverlessMinCapacity: 32 },
    "'serverlessMinCapacity' must be at most 'serverlessMaxCapacity', got 32 and 16; correct one of the two",
  ],
  [
    { parameters: { 'rds.force_ssl': '0' } },
    "'parameters.rds.force_ssl' cannot override what replication needs, got 0; remove it",
  ],
  [
    { parameters: { 'aurora.enhanced_logical_replication': '1' } },
    "'parameters.aurora.enhanced_logical_replication' must be left out, got 1; a change of it invalidates every slot",
  ],
];

test.each(SINGLE)('refuses %j', (given, problem) => {
  expect(refusal(given)).toBe(`Aurora target 'Target': ${problem}`);
});
