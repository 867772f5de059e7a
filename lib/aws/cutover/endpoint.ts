import { isIP } from 'node:net';
import { ArnFormat, Aws, Stack, Token } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IDatabaseCluster, IDatabaseProxy } from 'aws-cdk-lib/aws-rds';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { PontoonError } from '../../postgres';
import type { ServerBinding } from '../server-binding';

/** How an endpoint is written down for the function, and what switching it takes. */
export interface EndpointTerms {
  /** The endpoint as plain data, with tokens; see `EndpointSpec`. */
  readonly spec: Record<string, unknown>;
  /** What the function may do. */
  readonly statements: PolicyStatement[];
  /** Resources that stand for several, each with the reason. */
  readonly wildcards: readonly (readonly [resource: string, reason: string])[];
}

/**
 * What clients connect to, and a cutover switches. It must lead to the old writer before the first cutover. No stack
 * should own what it leads to, since a later deployment of that stack would lead clients back.
 */
export abstract class CutoverEndpoint {
  /**
   * A CNAME record in a hosted zone, such as a private one. It must be there, with the host of the old writer as its value.
   *
   * @param zone the hosted zone
   * @param recordName the record's full name
   * @param ttlSeconds the seconds for which resolvers may remember it, which are added to the outage; 5 by default
   * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html
   */
  public static route53Record(
    zone: IHostedZone,
    recordName: string,
    ttlSeconds?: number,
  ): CutoverEndpoint {
    return new RecordEndpoint(zone, recordName, ttlSeconds ?? 5);
  }

  /**
   * The fields `host`, `port` and `dbname` of a secret that applications read. Everything else in it stays.
   *
   * @param secret the secret, which is not one of those that the migration itself logs in with
   */
  public static secret(secret: ISecret): CutoverEndpoint {
    return new SecretEndpoint(secret);
  }

  /**
   * The target of an RDS Proxy, between two clusters of Amazon Aurora. Its secrets must be valid on both. Until the proxy
   * has found the new cluster available, which takes as long as it takes, clients wait; so that the budget is two minutes
   * unless `bounds.budget` says otherwise.
   *
   * @param proxy the proxy
   * @param clusters the cluster of each server, by the server's name in the topology
   */
  public static rdsProxy(
    proxy: IDatabaseProxy,
    clusters: { readonly [server: string]: IDatabaseCluster },
  ): CutoverEndpoint {
    return new ProxyEndpoint(proxy, clusters);
  }

  /** The seconds from fence to opening unless somebody says otherwise. @internal */
  public get _budgetSeconds(): number {
    return 30;
  }

  /** What the endpoint is between two servers. @internal */
  public abstract _terms(scope: Construct, sides: readonly ServerBinding[]): EndpointTerms;
}

/** The changes of all hosted zones. */
const CHANGES = `arn:${Aws.PARTITION}:route53:::change/*`;

class RecordEndpoint extends CutoverEndpoint {
  constructor(
    private readonly zone: IHostedZone,
    private readonly recordName: string,
    private readonly ttlSeconds: number,
  ) {
    super();
  }

  public _terms(_scope: Construct, sides: readonly ServerBinding[]): EndpointTerms {
    const { zone, recordName, ttlSeconds } = this;
    requireNames(sides);
    const normalized = Token.isUnresolved(recordName)
      ? recordName
      : recordName.toLowerCase().replace(/\.$/, '');
    return {
      spec: {
        kind: 'route53-record',
        hostedZoneId: zone.hostedZoneId,
        recordName,
        ttlSeconds,
        sides: Object.fromEntries(sides.map(({ server, host }) => [server, host])),
      },
      statements: [
        new PolicyStatement({
          actions: ['route53:ChangeResourceRecordSets'],
          resources: [zone.hostedZoneArn],
          conditions: {
            'ForAllValues:StringEquals': {
              'route53:ChangeResourceRecordSetsNormalizedRecordNames': [normalized],
              'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
            },
          },
        }),
        new PolicyStatement({
          actions: ['route53:ListResourceRecordSets'],
          resources: [zone.hostedZoneArn],
        }),
        new PolicyStatement({
          actions: ['route53:GetChange'],
          resources: [CHANGES],
        }),
      ],
      wildcards: [
        [
          CHANGES,
          'A change gets its id when it is made; reading whether it is in sync changes nothing.',
        ],
      ],
    };
  }
}

/** The value of a CNAME record is a name. */
function requireNames(sides: readonly ServerBinding[]): void {
  for (const { server, host } of sides) {
    if (Token.isUnresolved(host) || isIP(host) === 0) continue;
    throw new PontoonError(
      'INVALID',
      `'endpoint' must lead to hosts with names, since a CNAME record holds no address, got '${host}' for '${server}'; give that server a name in DNS, and its certificate the same, or use another endpoint`,
    );
  }
}

class SecretEndpoint extends CutoverEndpoint {
  constructor(private readonly secret: ISecret) {
    super();
  }

  public _terms(_scope: Construct, sides: readonly ServerBinding[]): EndpointTerms {
    const { secret } = this;
    const { encryptionKey } = secret;
    return {
      spec: {
        kind: 'secret',
        secret: secret.secretArn,
        sides: Object.fromEntries(
          sides.map(({ server, host, port, database }) => [server, { host, port, database }]),
        ),
      },
      statements: [
        new PolicyStatement({
          actions: [
            'secretsmanager:GetSecretValue',
            'secretsmanager:DescribeSecret',
            'secretsmanager:PutSecretValue',
            'secretsmanager:UpdateSecretVersionStage',
          ],
          resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
        }),
        ...(encryptionKey === undefined
          ? []
          : [
              new PolicyStatement({
                actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
                resources: [encryptionKey.keyArn],
                conditions: {
                  StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` },
                },
              }),
            ]),
      ],
      wildcards: [],
    };
  }
}

class ProxyEndpoint extends CutoverEndpoint {
  constructor(
    private readonly proxy: IDatabaseProxy,
    private readonly clusters: { readonly [server: string]: IDatabaseCluster },
  ) {
    super();
  }

  public override get _budgetSeconds(): number {
    return 120;
  }

  public _terms(scope: Construct, sides: readonly ServerBinding[]): EndpointTerms {
    const { proxy, clusters } = this;
    const known = sides.map(({ server }) => {
      const cluster = Object.hasOwn(clusters, server) ? clusters[server] : undefined;
      if (cluster !== undefined) return [server, cluster] as const;
      throw new PontoonError(
        'INVALID',
        `'endpoint.clusters' must name the cluster of '${server}', got ${Object.keys(clusters).join(', ') || 'none'}; add it, or use another endpoint`,
      );
    });
    const groups = arnOf(scope, 'target-group', '*');
    return {
      spec: {
        kind: 'rds-proxy',
        proxy: proxy.dbProxyName,
        targetGroup: 'default',
        sides: Object.fromEntries(
          known.map(([server, { clusterIdentifier }]) => [server, clusterIdentifier]),
        ),
      },
      statements: [
        new PolicyStatement({
          actions: [
            'rds:DescribeDBProxyTargets',
            'rds:DeregisterDBProxyTargets',
            'rds:RegisterDBProxyTargets',
          ],
          resources: [
            proxy.dbProxyArn,
            groups,
            ...known.map(([, { clusterIdentifier }]) => arnOf(scope, 'cluster', clusterIdentifier)),
          ],
        }),
      ],
      wildcards: [
        [
          groups,
          'A target group has an id that CloudFormation does not tell; proxy and clusters are named.',
        ],
      ],
    };
  }
}

function arnOf(scope: Construct, resource: string, resourceName: string): string {
  return Stack.of(scope).formatArn({
    service: 'rds',
    resource,
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
