import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, type Vpc } from 'aws-cdk-lib/aws-ec2';
import { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  AuroraMigration,
  type AuroraMigrationProps,
  type AuroraReplication,
  type AuroraSource,
  type ExistingSource,
  type MigrationTarget,
} from '../../../lib/aws';
import { newStack } from '../hybrid/fixture';
import { ResourceGraph } from '../resource-graph';

/** Props of a migration that differ from the ones that work. */
export interface Changes {
  readonly source?: Partial<AuroraSource>;
  readonly existing?: Partial<ExistingSource>;
  readonly target?: Partial<MigrationTarget>;
  readonly replication?: Partial<AuroraReplication>;
  readonly props?: Partial<AuroraMigrationProps>;
}

/** Props with an existing source that work, with `changes`. */
export function migrationProps(
  { stack, vpc }: { readonly stack: Stack; readonly vpc: Vpc },
  { source, existing, target, replication, props }: Changes = {},
): AuroraMigrationProps {
  return {
    vpc,
    source: {
      majorVersion: 16,
      databaseName: 'shop',
      existing: {
        cluster: DatabaseCluster.fromDatabaseClusterAttributes(stack, 'SourceCluster', {
          clusterIdentifier: 'shop',
          clusterEndpointAddress: 'shop.cluster.example',
          port: 5432,
          securityGroups: [
            SecurityGroup.fromSecurityGroupId(stack, 'SourceRules', 'sg-0a1b2c3d4e5f67890'),
          ],
        }),
        secret: new Secret(stack, 'SourceLogin'),
        username: 'pontoon',
        ...existing,
      },
      ...source,
    },
    target: { majorVersion: 17, ...target },
    replication: { selection: { schemas: ['shop'] }, ...replication },
    ...props,
  };
}

/** A migration in a stack of its own, as a template and as a graph. */
export function synthesize(changes: Changes = {}): { template: Template; graph: ResourceGraph } {
  const made = newStack();
  new AuroraMigration(made.stack, 'Migration', migrationProps(made, changes));
  const template = Template.fromStack(made.stack);
  return { template, graph: new ResourceGraph(template.toJSON()) };
}

/** What is said of a migration that cannot work. */
export function refusal(changes: Changes): string {
  try {
    synthesize(changes);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}
