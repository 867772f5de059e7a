import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type Connections,
  type IConnectable,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import {
  CaCertificate,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  type IClusterEngine,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { createLogin } from '../login';
import { ServerBinding } from '../server-binding';
import { engineVersion } from './engine';
import { neededParameters } from './parameters';
import type { AuroraTargetProps } from './props';
import { DEFAULT_CAPACITY, validate } from './validate';

/**
 * An Aurora PostgreSQL cluster with `rds.logical_replication = 1`, forced TLS, encryption and a login.
 *
 * What replaces the cluster, its database's name or its key, begins with an empty one: what replicates to it must load
 * again. By default a snapshot of the old one is left.
 *
 * @throws ValidationError with everything about the props that cannot work
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Replication.Logical.html
 */
export class AuroraTarget extends Construct implements IConnectable {
  /** The cluster. */
  public readonly cluster: DatabaseCluster;
  /** The secret of the cluster's administrator, with characters that AWS DMS accepts. */
  public readonly secret: ISecret;
  /** The administrator's name, which never changes: it could not without a new cluster. */
  public readonly administrator = 'pontoon_admin';
  /** The cluster's network rules. */
  public readonly connections: Connections;
  /** Where the cluster is, for objects and endpoints. */
  public readonly binding: ServerBinding;
  /** What has to be there before anything is done in the cluster. */
  public readonly ready: IDependable;

  constructor(scope: Construct, id: string, props: AuroraTargetProps) {
    super(scope, id);
    validate(id, props);
    this.secret = createLogin(this, 'Secret', {
      username: this.administrator,
      description: 'The administrator of the Aurora cluster',
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    });
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: props.description ?? 'The Aurora cluster that changes are replicated to',
      allowAllOutbound: false,
    });
    if (props.removalPolicy === RemovalPolicy.RETAIN) {
      this.secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
      securityGroup.applyRemovalPolicy(RemovalPolicy.RETAIN);
    }
    this.cluster = createCluster(this, this.secret, securityGroup, props);
    this.connections = this.cluster.connections;
    this.ready = this.cluster;
    this.binding = new ServerBinding({
      server: props.serverName ?? 'aurora',
      host: this.cluster.clusterEndpoint.hostname,
      database: props.databaseName,
      secret: this.secret,
      caCertificate: 'aws-rds',
    });
    this.binding.dependsOn(this.cluster, securityGroup);
  }
}

function createCluster(
  scope: Construct,
  secret: ISecret,
  securityGroup: SecurityGroup,
  props: AuroraTargetProps,
): DatabaseCluster {
  const engine = DatabaseClusterEngine.auroraPostgres({ version: engineVersion(props) });
  const serverless = props.instanceType === undefined;
  const instance = { caCertificate: CaCertificate.RDS_CA_RSA2048_G1, publiclyAccessible: false };
  const create = (name: string): ReturnType<typeof ClusterInstance.serverlessV2> =>
    props.instanceType === undefined
      ? ClusterInstance.serverlessV2(name, {
          ...instance,
          ...(name === 'Writer' ? {} : { scaleWithWriter: true }),
        })
      : ClusterInstance.provisioned(name, { ...instance, instanceType: props.instanceType });
  return new DatabaseCluster(scope, 'Resource', {
    engine,
    vpc: props.vpc,
    vpcSubnets: props.subnets ?? defaultSubnets(props.vpc),
    securityGroups: [securityGroup],
    credentials: Credentials.fromSecret(secret),
    defaultDatabaseName: props.databaseName,
    parameterGroup: createParameterGroup(scope, engine, props),
    writer: create('Writer'),
    readers: Array.from({ length: props.readers ?? 1 }, (_, index) => create(`Reader${index + 1}`)),
    ...(serverless
      ? {
          serverlessV2MinCapacity: props.serverlessMinCapacity ?? DEFAULT_CAPACITY.least,
          serverlessV2MaxCapacity: props.serverlessMaxCapacity ?? DEFAULT_CAPACITY.most,
        }
      : {}),
    storageEncrypted: true,
    ...(props.encryptionKey === undefined ? {} : { storageEncryptionKey: props.encryptionKey }),
    iamAuthentication: true,
    deletionProtection: props.deletionProtection ?? true,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
    backup: { retention: Duration.days(7) },
    cloudwatchLogsExports: ['postgresql'],
    copyTagsToSnapshot: true,
  });
}

function createParameterGroup(
  scope: Construct,
  engine: IClusterEngine,
  props: AuroraTargetProps,
): ParameterGroup {
  return new ParameterGroup(scope, 'Parameters', {
    engine,
    description: 'Logical replication, in both directions, with forced TLS',
    parameters: { ...neededParameters(props), ...props.parameters },
    ...(props.removalPolicy === RemovalPolicy.RETAIN
      ? { removalPolicy: RemovalPolicy.RETAIN }
      : {}),
  });
}

function defaultSubnets(vpc: IVpc): SubnetSelection {
  return { subnets: vpc.isolatedSubnets.length > 0 ? vpc.isolatedSubnets : vpc.privateSubnets };
}
