import { App, type AppProps, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { context } from '../../../cdk.json';
import {
  HybridMigration,
  type HybridMigrationProps,
  type HybridReplication,
  type HybridSource,
  type HybridStandby,
  type MigrationTarget,
  SourceRoute,
} from '../../../lib/aws';
import { WalLevel } from '../../../lib/postgres';
import { PEM } from '../certificate';
import { ResourceGraph } from '../resource-graph';

/** Props of a migration that differ from the ones that work. */
export interface Changes {
  readonly source?: Partial<HybridSource>;
  readonly standby?: Partial<HybridStandby>;
  readonly target?: Partial<MigrationTarget>;
  readonly replication?: Partial<HybridReplication>;
  readonly props?: Partial<HybridMigrationProps>;
}

/** A stack of its own with a network, under the flags that cdk.json sets. */
export function newStack(id = 'Test', app: App = newApp()): { stack: Stack; vpc: Vpc } {
  const stack = new Stack(app, id);
  return { stack, vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }) };
}

export function newApp(props: AppProps = {}): App {
  return new App({ analyticsReporting: false, context, ...props });
}

/** Props that work, with `changes`. */
export function migrationProps(
  { stack, vpc }: { readonly stack: Stack; readonly vpc: Vpc },
  { source, standby, target, replication, props }: Changes = {},
): HybridMigrationProps {
  const login = stack.node.tryFindChild('SourceLogin') as Secret | undefined;
  return {
    vpc,
    source: {
      host: 'db.corp.example',
      majorVersion: 17,
      databaseName: 'shop',
      walLevel: WalLevel.LOGICAL,
      cidrs: ['192.0.2.0/24'],
      route: SourceRoute.virtualPrivateGateway('vgw-0a1b2c3d4e5f67890'),
      secret: login ?? new Secret(stack, 'SourceLogin'),
      username: 'pontoon',
      caCertificate: PEM,
      ...source,
    },
    standby: { privateIpAddress: '10.0.128.10', dataVolumeGiB: 100, ...standby },
    target: { majorVersion: 17, ...target },
    replication: { selection: { schemas: ['shop'] }, ...replication },
    ...props,
  };
}

/** A migration in a stack of its own, as a template and as a graph. */
export function synthesize(changes: Changes = {}): { template: Template; graph: ResourceGraph } {
  const made = newStack();
  new HybridMigration(made.stack, 'Migration', migrationProps(made, changes));
  const template = Template.fromStack(made.stack);
  return { template, graph: new ResourceGraph(template.toJSON()) };
}
