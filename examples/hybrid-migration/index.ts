import { Stack, type StackProps } from 'aws-cdk-lib';
import { FlowLogTrafficType, IpAddresses, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { CutoverEndpoint, HybridMigration, SourceRoute } from 'pontoon/aws';
import { WalLevel } from 'pontoon/postgres';
import { SOURCE_CA } from './source-ca';

/** A shop's database moves from on-premises over an EC2 standby to Aurora, by AWS DMS. */
export class HybridMigrationStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const majorVersion = Number(this.node.tryGetContext('majorVersion') ?? 17);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/16'),
      maxAzs: 2,
      natGateways: 1,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24 },
        { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 },
        { name: 'Data', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      // Your router at the other end, and the networks behind it.
      vpnConnections: { Office: { ip: '198.51.100.20', staticRoutes: ['192.0.2.0/24'] } },
      flowLogs: { Rejected: { trafficType: FlowLogTrafficType.REJECT } },
    });
    // The tunnel has to stand before the source is checked: the README says in which order.
    if (this.node.tryGetContext('networkOnly') === 'true') return;

    new HybridMigration(this, 'Migration', {
      vpc,
      source: {
        host: 'db.corp.example',
        majorVersion,
        databaseName: 'shop',
        walLevel: WalLevel.LOGICAL,
        cidrs: ['192.0.2.0/24'],
        route: SourceRoute.vpnGatewayOf(vpc),
        secret: Secret.fromSecretNameV2(this, 'SourceLogin', 'shop/on-premises/pontoon'),
        username: 'pontoon',
        caCertificate: SOURCE_CA,
      },
      standby: { privateIpAddress: '10.20.2.10', dataVolumeGiB: 500 },
      target: { majorVersion },
      replication: {
        selection: {
          schemas: ['shop'],
          tables: [{ schema: 'audit', name: 'events' }],
          exclude: [{ schema: 'shop', name: 'sessions' }],
        },
      },
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
      monitoring: { writeRateMiBPerSecond: 5 },
    });
  }
}
