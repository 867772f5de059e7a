import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Aws,
  CustomResource,
  Duration,
  Names,
  RemovalPolicy,
  Stack,
  Validations,
} from 'aws-cdk-lib';
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
import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
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
   * APIs: by NAT or by VPC endpoints. Give the function a dependency on endpoints of the same stack
   * (`runner.node.addDependency(endpoint)`), so that they outlive what it has to delete.
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

/**
 * The one function behind all custom resources of a stack. It lives in the VPC and answers CloudFormation itself.
 *
 * It may read each secret by a policy of its own, so that what needs one login does not wait for servers whose logins
 * are not there yet. IAM leaves room for about forty secrets; more migrations need a second function.
 */
export class RunnerFunction extends Construct implements IConnectable {
  /** What custom resources name as their ServiceToken. */
  public readonly serviceToken: string;
  /** The Lambda function. */
  public readonly function: LambdaFunction;
  /** The function's network rules. */
  public readonly connections: Connections;
  /** The function's security group. */
  public readonly securityGroup: ISecurityGroup;
  private readonly role: IRole;
  private readonly ledgers = new Map<ServerBinding, CustomResource>();
  private readonly secretPolicies = new Map<ISecret, Policy>();

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
    this.role = roleOf(this.function);
    this.connections = this.function.connections;
    this.serviceToken = this.function.functionArn;
  }

  /** Lets the function read `secret`. Whatever needs the secret must depend on what is returned. */
  public allowSecret(secret: ISecret): IDependable {
    const known = this.secretPolicies.get(secret);
    if (known !== undefined) return known;
    const name = Names.uniqueResourceName(secret, { maxLength: 100 });
    const policy = new Policy(this, `Read${name}`, { statements: readStatements(secret) });
    policy.attachToRole(this.role);
    this.secretPolicies.set(secret, policy);
    return policy;
  }

  /**
   * The ledger on `server`, made once, in `scope` or in this function. Everything else that this library makes there
   * depends on it. On a standby, give the binding of its primary.
   */
  public ledgerOn(server: ServerBinding, scope?: Construct): CustomResource {
    const known = this.ledgers.get(server);
    if (known !== undefined) return known;
    const ledger = new CustomResource(scope ?? this, ledgerId(scope ?? this, server), {
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
    this.ledgers.set(server, ledger);
    return ledger;
  }

  /** Lets the function log in on `servers`, and has `resource` wait for everything that its Delete needs. */
  public dependOn(resource: Construct, ...servers: ServerBinding[]): void {
    resource.node.addDependency(this.function, this.securityGroup);
    for (const { reachable, secret } of servers)
      resource.node.addDependency(reachable, this.allowSecret(secret));
  }
}

function ledgerId(scope: Construct, { server }: ServerBinding): string {
  const id = `Ledger-${server}`;
  if (scope.node.tryFindChild(id) === undefined) return id;
  throw new PontoonError(
    'INVALID',
    `'server' must be unique among the bindings of one RunnerFunction, got '${server}' twice; use one ServerBinding for all objects on a server, and another name for another server`,
  );
}

/** What reading `secret` takes; a partial ARN lacks the six characters that Secrets Manager adds. */
function readStatements(secret: ISecret): PolicyStatement[] {
  const read = new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
  });
  if (secret.encryptionKey === undefined) return [read];
  const decrypt = new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [secret.encryptionKey.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` },
    },
  });
  return [read, decrypt];
}

/** The function's role, of which AWS Lambda needs what its own policies say. */
function roleOf({ role }: LambdaFunction): IRole {
  if (role === undefined)
    throw new PontoonError('INVALID', 'the runner must have a role, got none');
  const policies = ['AWSLambdaBasicExecutionRole', 'AWSLambdaVPCAccessExecutionRole'];
  for (const policy of policies) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${policy}]`,
      reason:
        'AWS maintains what a function in a VPC needs: its log, and network interfaces that have no name yet.',
    });
  }
  return role;
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
