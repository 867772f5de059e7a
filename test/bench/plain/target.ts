import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  AuroraPostgresEngineVersion,
  CaCertificate,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Groups } from './access';

export function createCluster(
  scope: Construct,
  { vpc, groups, login }: { readonly vpc: Vpc; readonly groups: Groups; readonly login: ISecret },
): DatabaseCluster {
  const engine = DatabaseClusterEngine.auroraPostgres({
    version: AuroraPostgresEngineVersion.VER_17_7,
  });
  const instance = { caCertificate: CaCertificate.RDS_CA_RSA2048_G1, publiclyAccessible: false };
  return new DatabaseCluster(scope, 'Cluster', {
    engine,
    vpc,
    vpcSubnets: { subnets: vpc.privateSubnets },
    securityGroups: [groups.target],
    credentials: Credentials.fromSecret(login),
    defaultDatabaseName: 'shop',
    parameterGroup: new ParameterGroup(scope, 'Parameters', {
      engine,
      parameters: {
        'rds.logical_replication': '1',
        'rds.force_ssl': '1',
        max_replication_slots: '20',
        max_wal_senders: '20',
        max_logical_replication_workers: '10',
        max_worker_processes: '32',
      },
    }),
    writer: ClusterInstance.serverlessV2('Writer', instance),
    readers: [ClusterInstance.serverlessV2('Reader1', { ...instance, scaleWithWriter: true })],
    serverlessV2MinCapacity: 2,
    serverlessV2MaxCapacity: 16,
    storageEncrypted: true,
    iamAuthentication: true,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    backup: { retention: Duration.days(7) },
    cloudwatchLogsExports: ['postgresql'],
    copyTagsToSnapshot: true,
  });
}
