import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type Connections,
  type IConnectable,
  type InstanceType,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
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
import {
  createTopology,
  deriveSettings,
  LinkKind,
  nameProblem,
  Platform,
  Problems,
  renderParameterGroup,
} from '../postgres';
import { createLogin } from './login';
import { ServerBinding } from './server-binding';

/** A new Aurora PostgreSQL cluster that receives changes, and can send them back. */
export interface AuroraTargetProps {
  /** The network. Changing it replaces the cluster. */
  readonly vpc: IVpc;
  /**
   * The subnets. Changing them replaces the cluster.
   *
   * @default - private isolated subnets if there are any, otherwise private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** The PostgreSQL major. A higher one upgrades in place, with downtime, and stops replication. */
  readonly majorVersion: number;
  /**
   * The exact version, such as `17.9`. A newer minor is installed in place.
   *
   * @default - the newest minor of `majorVersion` that this library was tested with
   */
  readonly engineVersion?: string;
  /** The database that is made. Changing it replaces the cluster. */
  readonly databaseName: string;
  /**
   * The server's name in the topology.
   *
   * @default 'aurora'
   */
  readonly serverName?: string;
  /**
   * Aurora capacity units that Serverless v2 scales between. With logical replication the writer never pauses, so that
   * a least of 0 saves nothing.
   *
   * @default 1
   */
  readonly serverlessMinCapacity?: number;
  /**
   * The most Aurora capacity units of Serverless v2.
   *
   * @default 16
   */
  readonly serverlessMaxCapacity?: number;
  /**
   * The instance type of provisioned instances, in place of Serverless v2.
   *
   * @default - Serverless v2
   */
  readonly instanceType?: InstanceType;
  /**
   * Readers beside the writer, which also stand by for failover.
   *
   * @default 1
   */
  readonly readers?: number;
  /**
   * Parameters of the cluster, beside those that replication needs. Static ones take effect with the next reboot.
   *
   * @default - none
   */
  readonly parameters?: { readonly [name: string]: string };
  /**
   * What replication needs, by parameter.
   *
   * @default - sized for one link with four table copies side by side
   */
  readonly replicationParameters?: { readonly [name: string]: string };
  /**
   * The key that encrypts the cluster and its secret. Changing it replaces the cluster.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: IKey;
  /**
   * Whether the cluster cannot be deleted until this is changed.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * What becomes of the cluster when it is removed from the stack.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The newest minors that are known to this library. */
const TESTED_ENGINES: Readonly<Record<number, AuroraPostgresEngineVersion>> = {
  15: AuroraPostgresEngineVersion.VER_15_17,
  16: AuroraPostgresEngineVersion.VER_16_13,
  17: AuroraPostgresEngineVersion.VER_17_9,
  18: AuroraPostgresEngineVersion.VER_18_6,
};

/** An Aurora PostgreSQL cluster with `rds.logical_replication = 1`, forced TLS, encryption and a login. */
export class AuroraTarget extends Construct implements IConnectable {
  /** The cluster. */
  public readonly cluster: DatabaseCluster;
  /** The secret of the cluster's administrator, with characters that AWS DMS accepts. */
  public readonly secret: ISecret;
  /** The administrator's name. */
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
      description: 'The Aurora cluster that changes are replicated to',
      allowAllOutbound: false,
    });
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
          serverlessV2MinCapacity: props.serverlessMinCapacity ?? 1,
          serverlessV2MaxCapacity: props.serverlessMaxCapacity ?? 16,
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
    parameters: {
      ...(props.replicationParameters ?? parametersOfOneLink(props)),
      ...props.parameters,
    },
  });
}

/** What a cluster needs that one subscription or DMS task writes to. */
function parametersOfOneLink({
  majorVersion,
  databaseName: database,
}: AuroraTargetProps): Record<string, string> {
  const topology = createTopology({
    servers: {
      source: { platform: Platform.SELF_MANAGED, majorVersion, database },
      target: { platform: Platform.AURORA, majorVersion, database },
    },
    links: [
      { kind: LinkKind.NATIVE, from: 'source', to: 'target', selection: { schemas: ['public'] } },
    ],
  });
  return renderParameterGroup(deriveSettings(topology, 'target'));
}

function engineVersion({
  majorVersion,
  engineVersion: version,
}: AuroraTargetProps): AuroraPostgresEngineVersion {
  if (version !== undefined) return AuroraPostgresEngineVersion.of(version, String(majorVersion));
  return (
    TESTED_ENGINES[majorVersion] ??
    AuroraPostgresEngineVersion.of(String(majorVersion), String(majorVersion))
  );
}

function defaultSubnets(vpc: IVpc): SubnetSelection {
  return { subnets: vpc.isolatedSubnets.length > 0 ? vpc.isolatedSubnets : vpc.privateSubnets };
}

function validate(id: string, props: AuroraTargetProps): void {
  const problems = new Problems();
  const problem = nameProblem(props.databaseName, 'databaseName');
  if (problem !== undefined) problems.add(problem);
  problems.addIf(
    props.engineVersion === undefined && TESTED_ENGINES[props.majorVersion] === undefined,
    `'engineVersion' must be given for PostgreSQL ${props.majorVersion}, of which no Aurora version is known here, got nothing; take it from the Aurora release notes`,
  );
  problems.addIf(
    props.engineVersion !== undefined &&
      Number(props.engineVersion.split('.')[0]) !== props.majorVersion,
    `'engineVersion' must be of PostgreSQL ${props.majorVersion}, got '${props.engineVersion}'; correct one of the two`,
  );
  problems.addIf(
    props.instanceType !== undefined &&
      (props.serverlessMinCapacity !== undefined || props.serverlessMaxCapacity !== undefined),
    `'instanceType' cannot be given together with serverless capacities, got ${props.instanceType?.toString()}; remove one of the two`,
  );
  problems.addIf(
    props.serverlessMinCapacity === 0,
    "'serverlessMinCapacity' must be above 0, got 0; with logical replication the writer never pauses, so give 0.5 or more",
  );
  const own = Object.keys(props.replicationParameters ?? {});
  for (const name of Object.keys(props.parameters ?? {}).filter((parameter) =>
    own.includes(parameter),
  )) {
    problems.add(
      `'parameters.${name}' cannot override what replication needs, got ${props.parameters?.[name]}; remove it`,
    );
  }
  const enhanced = props.parameters?.['aurora.enhanced_logical_replication'];
  problems.addIf(
    enhanced !== undefined && enhanced !== '0',
    `'parameters.aurora.enhanced_logical_replication' must be left out, got ${enhanced}; a change of it invalidates every slot`,
  );
  problems.throwIfAny(`Aurora target '${id}'`);
}
