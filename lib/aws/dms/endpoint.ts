import { Fn, Stack, Tags } from 'aws-cdk-lib';
import { CfnCertificate, CfnEndpoint } from 'aws-cdk-lib/aws-dms';
import { type IInterfaceVpcEndpoint, InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { Platform } from '../../postgres';
import type { ServerBinding } from '../server-binding';
import { DmsMigrationType, DmsPlugin, type DmsReplicationProps } from './props';
import { rdsCertificates } from './rds-certificates';

/** One end of the replication: a server as AWS DMS sees it. */
export interface EndpointProps {
  readonly type: 'source' | 'target';
  readonly engineName: string;
  readonly server: ServerBinding;
  readonly secret: ISecret;
  readonly accessRole: Role;
  /** The PEM text of the certificates that may sign the server's. */
  readonly caCertificate: string;
  readonly settings: CfnEndpoint.PostgreSqlSettingsProperty;
  readonly kmsKey?: IKey;
  readonly secretsManagerEndpoint?: IInterfaceVpcEndpoint;
}

/** The settings of both ends that do not come from the servers' bindings. */
export function endpointSettings(props: DmsReplicationProps): {
  readonly source: CfnEndpoint.PostgreSqlSettingsProperty;
  readonly target: CfnEndpoint.PostgreSqlSettingsProperty;
} {
  const decodes = props.migrationType !== DmsMigrationType.FULL_LOAD;
  return {
    source: {
      ...(decodes ? { pluginName: props.plugin ?? DmsPlugin.TEST_DECODING } : {}),
      ...(props.slotName === undefined ? {} : { slotName: props.slotName }),
      // Both would write to the source, which a standby refuses; PostgreSQL itself does better on a primary.
      captureDdls: false,
      heartbeatEnable: false,
      mapBooleanAsBoolean: true,
      failTasksOnLobTruncation: true,
    },
    target: {
      mapBooleanAsBoolean: true,
      ...(props.targetTriggers === true
        ? {}
        : { afterConnectScript: "SET session_replication_role = 'replica'" }),
    },
  };
}

/** The engine name of a target on `platform`. */
export function targetEngine(platform: Platform = Platform.AURORA): string {
  return platform === Platform.AURORA ? 'aurora-postgresql' : 'postgres';
}

/** The PEM text that the binding of `server` names. */
export function caCertificateOf(scope: Construct, server: ServerBinding): string {
  return server.caCertificate === 'aws-rds' ? rdsCertificates(scope) : server.caCertificate;
}

/** The role with which AWS DMS reads the logins. The service's principal is regional here, and only here. */
export function createAccessRole(scope: Construct, secrets: readonly ISecret[]): Role {
  const role = new Role(scope, 'SecretsAccess', {
    description: 'AWS DMS reads the logins of its endpoints',
    assumedBy: new ServicePrincipal(`dms.${Stack.of(scope).region}.amazonaws.com`),
  });
  for (const secret of secrets) secret.grantRead(role);
  return role;
}

/** Makes the certificate and the endpoint. */
export function createEndpoint(scope: Construct, props: EndpointProps): CfnEndpoint {
  const { server, secret, accessRole, secretsManagerEndpoint } = props;
  const part = new Construct(scope, props.type === 'source' ? 'Source' : 'Target');
  const certificate = new CfnCertificate(part, 'Certificate', {
    certificatePem: props.caCertificate,
  });
  const endpoint = new CfnEndpoint(part, 'Endpoint', {
    endpointType: props.type,
    engineName: props.engineName,
    databaseName: server.database,
    sslMode: server.sslMode,
    certificateArn: certificate.ref,
    postgreSqlSettings: {
      ...props.settings,
      secretsManagerSecretId: secret.secretArn,
      secretsManagerAccessRoleArn: accessRole.roleArn,
    },
    ...(props.kmsKey === undefined ? {} : { kmsKeyId: props.kmsKey.keyArn }),
    // Of an endpoint from elsewhere only its id is known; its private DNS name serves as well.
    ...(secretsManagerEndpoint instanceof InterfaceVpcEndpoint
      ? { extraConnectionAttributes: endpointOverride(secretsManagerEndpoint) }
      : {}),
  });
  // The rehearsal finds the server behind the endpoint by this, since the address is in the secret.
  Tags.of(endpoint).add('pontoon:server', server.server);
  endpoint.node.addDependency(accessRole, server.reachable);
  return endpoint;
}

function endpointOverride(endpoint: InterfaceVpcEndpoint): string {
  const name = Fn.select(1, Fn.split(':', Fn.select(0, endpoint.vpcEndpointDnsEntries)));
  return `secretsManagerEndpointOverride=${name}`;
}
