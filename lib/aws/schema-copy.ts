import { Aws, CustomResource, Duration, Tokenization, Validations } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct, type IDependable } from 'constructs';
import {
  type DmsTransformation,
  Problems,
  RDS_AUTHORITIES,
  type RemoteSource,
  SCHEMA_COPY_PATTERNS,
  SCHEMA_COPY_SECONDS,
  schemaCopyScript,
  selectedSchemas,
  selectionProblems,
  type TableSelection,
} from '../postgres';
import { rdsCertificates } from './dms/rds-certificates';
import type { RunnerFunction } from './runner-function';
import type { ServerBinding } from './server-binding';
import type { StandbyTarget } from './standby';

/** A machine on which `pg_dump` runs: that of a standby, or one that is made for it. */
export interface ISchemaCopyHost {
  /** The instance, as SSM's SendCommand takes it. */
  readonly ssmTarget: StandbyTarget;
  /** What the instance may do in AWS. */
  readonly role: IRole;
  /** What is there once commands can be run. */
  readonly ready: IDependable;
}

/** A copy of a database's schema, without rows. */
export interface SchemaCopyProps {
  /** The function that has the copy made. Changing it breaks what is deployed. */
  readonly runner: RunnerFunction;
  /** The host on which `pg_dump` runs. It needs a network rule to the target. */
  readonly host: ISchemaCopyHost;
  /** The server whose database is copied: the one on the host, or another one. */
  readonly source: ServerBinding;
  /**
   * Whether the host reaches the source by network, with the login of `source`, since it has no server of its own. It then
   * needs a network rule to the source.
   *
   * @default false
   */
  readonly remote?: boolean;
  /** Where the schema is put. Its login needs not be a superuser's. */
  readonly target: ServerBinding;
  /**
   * The schemas that it names are copied whole, since tables depend on types, functions and other tables. Further
   * schemas are copied with an update; those that are left out stay.
   */
  readonly selection: TableSelection;
  /**
   * How the target calls what is copied, as AWS DMS will: columns that it leaves out are dropped, too. What depends on a
   * table follows it, but for the texts of functions, which keep the names that they were written with. Changing it
   * renames nothing that was copied before.
   *
   * @default - everything keeps its name
   */
  readonly transformations?: DmsTransformation[];
  /**
   * Whether tables that are on the target already are taken as they are.
   *
   * @default false
   */
  readonly adopt?: boolean;
}

/**
 * Roles, extensions and schema of a database, copied by `pg_dump` to the target, in one transaction.
 *
 * Roles come without passwords and without what only superusers give: give the applications' roles their passwords
 * before you switch over. Memberships in PostgreSQL's own roles and settings of roles are not copied. Deleting the copy
 * leaves the schema where it is.
 *
 * @see https://www.postgresql.org/docs/current/app-pgdump.html
 */
export class SchemaCopy extends Construct {
  constructor(scope: Construct, id: string, props: SchemaCopyProps) {
    super(scope, id);
    const problems = new Problems();
    for (const problem of selectionProblems(props.selection, 'selection')) problems.add(problem);
    problems.throwIfAny(`schema copy '${id}'`);
    const { runner, source, target, transformations = [] } = props;
    const document = createDocument(this, props);
    runner.allowSecret(target.secret);
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: runner.serviceToken,
      resourceType: 'Custom::PontoonSchemaCopy',
      serviceTimeout: Duration.minutes(16),
      properties: {
        server: target.server,
        connection: {
          ...target.toConnection(),
          ...(target.caCertificate === RDS_AUTHORITIES
            ? { caCertificate: rdsCertificates(this) }
            : {}),
        },
        source: { server: source.server, database: source.database },
        document: document.ref,
        instance: props.host.ssmTarget,
        schemas: selectedSchemas(props.selection),
        ...(transformations.length === 0 ? {} : { transformations }),
        ...(props.adopt === true ? { adopt: true } : {}),
      },
    });
    runner.dependOn(resource, source, target);
    resource.node.addDependency(
      runner.ledgerOn(target),
      props.host.ready,
      allowRunner(this, props, document),
      allowHost(this, props),
    );
  }
}

function createDocument(scope: Construct, { source, remote }: SchemaCopyProps): CfnDocument {
  const script = remote === true ? schemaCopyScript(remoteSource(source)) : schemaCopyScript();
  return new CfnDocument(scope, 'Document', {
    documentType: 'Command',
    documentFormat: 'JSON',
    targetType: '/AWS::EC2::Instance',
    content: {
      schemaVersion: '2.2',
      description: 'Copies roles, extensions and schema of a PostgreSQL database, without rows',
      parameters: Object.fromEntries(
        Object.entries(SCHEMA_COPY_PATTERNS).map(([name, allowedPattern]) => [
          name,
          { type: 'String', description: name, allowedPattern },
        ]),
      ),
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'copySchema',
          inputs: {
            timeoutSeconds: String(SCHEMA_COPY_SECONDS),
            runCommand: script.split('\n'),
          },
        },
      ],
    },
  });
}

function remoteSource({ host, port, sslMode, secret }: ServerBinding): RemoteSource {
  return { host, port: Tokenization.stringifyNumber(port), sslMode, secret: secret.secretArn };
}

/** The runner may run this document on this host, and ask how it went. */
function allowRunner(
  scope: Construct,
  { runner, host: { ssmTarget } }: SchemaCopyProps,
  document: CfnDocument,
): Policy {
  const arn = (service: string, resource: string): string =>
    `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
  const policy = new Policy(scope, 'RunnerPolicy', {
    statements: [
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [arn('ssm', `document/${document.ref}`)],
      }),
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [arn('ec2', 'instance/*')],
        conditions: {
          StringEquals: {
            [`ssm:resourceTag/${ssmTarget.key.replace('tag:', '')}`]: ssmTarget.value,
          },
        },
      }),
      new PolicyStatement({
        actions: ['ssm:ListCommandInvocations', 'ssm:GetCommandInvocation', 'ssm:CancelCommand'],
        resources: ['*'],
      }),
    ],
  });
  if (runner.function.role !== undefined) policy.attachToRole(runner.function.role);
  acknowledge(
    policy,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]',
    "The standby's number is not known before it runs; a condition restricts it to its tag.",
  );
  acknowledge(
    policy,
    'AwsSolutions-IAM5[Resource::*]',
    'These calls know no resources; commands have no name before they run.',
  );
  return policy;
}

/** A policy of its own, so that the host boots without waiting for the target. */
function allowHost(scope: Construct, { host, remote, source, target }: SchemaCopyProps): Policy {
  const secrets = [target.secret, ...(remote === true ? [source.secret] : [])];
  const policy = new Policy(scope, 'StandbyPolicy', { statements: secrets.flatMap(readSecret) });
  policy.attachToRole(host.role);
  return policy;
}

function readSecret({ encryptionKey, secretArn, secretFullArn }: ISecret): PolicyStatement[] {
  const read = new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretFullArn ?? `${secretArn}-??????`],
  });
  if (encryptionKey === undefined) return [read];
  const decrypt = new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [encryptionKey.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` },
    },
  });
  return [read, decrypt];
}

function acknowledge(construct: Construct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}
