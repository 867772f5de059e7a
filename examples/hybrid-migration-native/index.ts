import { Stack, type StackProps } from 'aws-cdk-lib';
import { FlowLogTrafficType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { CutoverEndpoint, HybridMigration, ReplicationMethod, SourceRoute } from 'pontoon/aws';
import { WalLevel } from 'pontoon/postgres';
import { SOURCE_CA } from '../hybrid-migration/source-ca';

/** The same chain without AWS DMS: Aurora subscribes to the standby by PostgreSQL's own logical replication. */
export class HybridMigrationNativeStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const majorVersion = Number(this.node.tryGetContext('majorVersion') ?? 17);
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 1,
      // Your router at the other end, and the networks behind it.
      vpnConnections: { Office: { ip: '198.51.100.20', staticRoutes: ['192.0.2.0/24'] } },
      flowLogs: { Rejected: { trafficType: FlowLogTrafficType.REJECT } },
    });
    // The tunnel has to stand before the source is checked: the README says in which order.
    if (this.node.tryGetContext('networkOnly') === 'true') return;

    new HybridMigration(this, 'Migration', {
      vpc,
      source: {
        host: 'shop.corp.example',
        majorVersion,
        databaseName: 'shop',
        walLevel: WalLevel.LOGICAL,
        cidrs: ['192.0.2.0/24'],
        route: SourceRoute.vpnGatewayOf(vpc),
        secret: Secret.fromSecretNameV2(this, 'SourceLogin', 'shop/on-premises/pontoon'),
        username: 'pontoon',
        caCertificate: SOURCE_CA,
      },
      standby: { privateIpAddress: '10.0.128.10', dataVolumeGiB: 500 },
      target: { majorVersion },
      replication: { method: ReplicationMethod.NATIVE, selection: { schemas: ['shop'] } },
      cutover: {
        endpoint: CutoverEndpoint.route53Record(
          PrivateHostedZone.fromHostedZoneAttributes(this, 'Zone', {
            hostedZoneId: 'Z0123456789ABCDEFGHIJ',
            zoneName: 'shop.internal',
          }),
          'db.shop.internal',
        ),
        wayBack: { sslRootCert: '/etc/ssl/certs/rds-global-bundle.pem' },
      },
    });
  }
}
