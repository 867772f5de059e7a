import { Stack, type StackProps } from 'aws-cdk-lib';
import { FlowLogTrafficType, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { AuroraMigration, CutoverEndpoint, CutoverStateMachine, SourceRoute } from 'pontoon/aws';

/** A shop's database moves from one Aurora cluster to a newer one in another VPC, without a service in between. */
export class AuroraToAuroraStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const sourceMajor = Number(this.node.tryGetContext('sourceMajorVersion') ?? 16);
    const targetMajor = Number(this.node.tryGetContext('majorVersion') ?? 17);
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 1,
      flowLogs: { Rejected: { trafficType: FlowLogTrafficType.REJECT } },
    });
    const cluster = DatabaseCluster.fromDatabaseClusterAttributes(this, 'SourceCluster', {
      clusterIdentifier: 'shop',
      clusterEndpointAddress: 'shop.cluster-c1a2b3d4e5f6.eu-central-1.rds.amazonaws.com',
      port: 5432,
      securityGroups: [
        SecurityGroup.fromSecurityGroupId(this, 'SourceRules', 'sg-0a1b2c3d4e5f67890'),
      ],
    });

    const migration = new AuroraMigration(this, 'Migration', {
      vpc,
      source: {
        majorVersion: sourceMajor,
        databaseName: 'shop',
        existing: {
          cluster,
          secret: Secret.fromSecretNameV2(this, 'SourceLogin', 'shop/aurora/pontoon'),
          username: 'pontoon',
          peering: {
            cidrs: ['10.30.0.0/16'],
            route: SourceRoute.vpcPeering('pcx-0a1b2c3d4e5f67890'),
            returnRouteTableIds: ['rtb-0a1b2c3d4e5f67890'],
          },
        },
      },
      target: { majorVersion: targetMajor },
      replication: { selection: { schemas: ['shop'] } },
    });

    this.prepareCutover(migration);
  }

  /** A state machine that leads the applications' record to the new cluster once somebody starts it. */
  private prepareCutover(migration: AuroraMigration): void {
    const { forward, wayBack } = migration;
    if (forward === undefined) return;
    const zone = PrivateHostedZone.fromHostedZoneAttributes(this, 'Zone', {
      hostedZoneId: 'Z0123456789ABCDEFGHIJ',
      zoneName: 'shop.internal',
    });
    new CutoverStateMachine(this, 'Cutover', {
      runner: migration.runner,
      topology: migration.topology,
      bindings: [migration.source, migration.target],
      migrationName: 'pontoon',
      newWriter: migration.target.server,
      forward,
      keepRoles: migration.replicationRoles,
      endpoint: CutoverEndpoint.route53Record(zone, 'db.shop.internal', 2),
      ...(wayBack === undefined ? {} : { wayBack }),
    });
  }
}
