import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type Connections,
  type IConnectable,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import {
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { PontoonError } from '../postgres';
import type { ServerBinding } from './server-binding';

/** Where the function runs. */
export interface RunnerFunctionProps {
  /** The network from which all servers are reached. */
  readonly vpc: IVpc;
  /**
   * The subnets. They need a way to Amazon S3, Secrets Manager and, for DMS and schema copies, to the DMS and SSM
   * APIs: by NAT or by VPC endpoints.
   *
   * @default - private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /**
   * The function's logical id. It never changes by itself, since CloudFormation cannot move a custom resource to
   * another function; a second function in one stack needs another one. Changing it breaks deployed resources.
   *
   * @default 'PontoonRunner'
   */
  readonly logicalId?: string;
  /**
   * How long the function's log is kept. Changing this changes it in place.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
}

/** The one function behind all custom resources of a stack. It lives in the VPC and answers CloudFormation itself. */
export class RunnerFunction extends Construct implements IConnectable, IDependable {
  /** What custom resources name as their ServiceToken. */
  public readonly serviceToken: string;
  /** The Lambda function. */
  public readonly function: LambdaFunction;
  /** The function's network rules. */
  public readonly connections: Connections;
  /** The function's security group. */
  public readonly securityGroup: ISecurityGroup;
  private readonly ledgers = new Map<string, CustomResource>();

  constructor(scope: Construct, id: string, props: RunnerFunctionProps) {
    super(scope, id);
    const logicalId = props.logicalId ?? 'PontoonRunner';
    this.securityGroup = createSecurityGroup(this, props.vpc);
    this.function = new LambdaFunction(this, 'Resource', {
      description:
        'Makes PostgreSQL replication objects, starts and stops DMS, and publishes replication metrics',
      code: Code.fromAsset(bundleDirectory()),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      memorySize: 512,
      timeout: Duration.minutes(15),
      vpc: props.vpc,
      ...(props.subnets === undefined ? {} : { vpcSubnets: props.subnets }),
      securityGroups: [this.securityGroup],
      logGroup: new LogGroup(this, 'Log', {
        retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    freezeLogicalId(this.function, logicalId);
    this.connections = this.function.connections;
    this.serviceToken = this.function.functionArn;
  }

  /** Lets the function read `secret`. */
  public allowSecret(secret: ISecret): void {
    secret.grantRead(this.function);
  }

  /**
   * The ledger on `server`, made once. Everything else that this library makes there depends on it.
   * On a standby, give the binding of its primary.
   */
  public ledgerOn(server: ServerBinding): CustomResource {
    const known = this.ledgers.get(server.server);
    if (known !== undefined) return known;
    this.allowSecret(server.secret);
    const ledger = new CustomResource(this, `Ledger-${server.server}`, {
      serviceToken: this.serviceToken,
      resourceType: 'Custom::PontoonLedger',
      serviceTimeout: Duration.minutes(16),
      properties: {
        server: server.server,
        connection: server.toConnection(),
        spec: { kind: 'ledger' },
      },
    });
    this.dependOn(ledger, server);
    this.ledgers.set(server.server, ledger);
    return ledger;
  }

  /** Has `resource` wait for everything without which its Delete could not be carried out. */
  public dependOn(resource: Construct, ...servers: ServerBinding[]): void {
    resource.node.addDependency(this.function, this.securityGroup);
    if (this.function.role !== undefined) resource.node.addDependency(this.function.role);
    for (const server of servers) resource.node.addDependency(server.reachable);
  }
}

function createSecurityGroup(scope: Construct, vpc: IVpc): SecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: 'The function that makes PostgreSQL replication objects',
    allowAllOutbound: false,
  });
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs and the answer to CloudFormation');
  return group;
}

function freezeLogicalId(lambda: LambdaFunction, logicalId: string): void {
  const stack = Stack.of(lambda);
  const taken = FROZEN.get(stack) ?? new Set();
  if (taken.has(logicalId)) {
    throw new PontoonError(
      'INVALID',
      `'logicalId' must be unique in the stack, got '${logicalId}' twice; share one RunnerFunction by 'runner', or give the second another 'logicalId'`,
    );
  }
  FROZEN.set(stack, taken.add(logicalId));
  (lambda.node.defaultChild as CfnFunction).overrideLogicalId(logicalId);
}

/** The logical ids that are taken, by stack. */
const FROZEN = new WeakMap<Stack, Set<string>>();

/** The bundle lies beside the compiled library, and in `dist` when the sources themselves are run. */
function bundleDirectory(): string {
  const found = [
    join(__dirname, '..', '..', 'handler'),
    join(__dirname, '..', '..', 'dist', 'handler'),
  ].find((path) => existsSync(join(path, 'index.js')));
  if (found !== undefined) return found;
  throw new PontoonError(
    'NO_BUNDLE',
    "the handler's bundle must be built before synthesis, got none; run 'npm run build'",
  );
}
