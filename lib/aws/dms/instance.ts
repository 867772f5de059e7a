import { createHash } from 'node:crypto';
import { Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnReplicationInstance, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { type ISecurityGroup, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { DmsAccountRoles, DmsAccountRolesResource } from './account-roles';
import type { DmsReplicationProps } from './props';
import { DEFAULT_ENGINE } from './validate';

/** The disk of an instance unless another one is asked for, in GiB. */
export const DEFAULT_STORAGE_GIB = 100;

/** Makes the subnet group, which AWS DMS allows only when the account's roles are there. */
export function createSubnetGroup(
  scope: Construct,
  { runner, vpc, subnets, accountRoles }: DmsReplicationProps,
): CfnReplicationSubnetGroup {
  const group = new CfnReplicationSubnetGroup(scope, 'Subnets', {
    replicationSubnetGroupDescription: `AWS DMS: ${scope.node.path}`,
    subnetIds: vpc.selectSubnets(subnets).subnetIds,
  });
  if (accountRoles !== DmsAccountRoles.EXISTING) {
    // IAM needs a moment until AWS DMS sees a new role. A function in a VPC takes longer, and is made anyway.
    group.node.addDependency(DmsAccountRolesResource.of(scope), runner.function);
  }
  return group;
}

/** Makes the security group. What it may reach of the two servers, their own network rules add. */
export function createSecurityGroup(scope: Construct, { vpc }: DmsReplicationProps): SecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: 'AWS DMS replicates from here',
    allowAllOutbound: false,
  });
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'Secrets Manager and CloudWatch Logs');
  return group;
}

/** Makes the replication instance: private, encrypted, with a pinned engine. */
export function createInstance(
  scope: Construct,
  props: DmsReplicationProps,
  subnetGroup: CfnReplicationSubnetGroup,
  securityGroup: ISecurityGroup,
): CfnReplicationInstance {
  const name = instanceName(scope, props);
  // AWS DMS writes into the group of this name, and would make it without a retention.
  const log = new LogGroup(scope, 'Log', {
    logGroupName: `dms-tasks-${name}`,
    retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const instance = new CfnReplicationInstance(scope, 'Instance', {
    replicationInstanceIdentifier: name,
    replicationInstanceClass: props.instanceClass ?? 'dms.r6i.large',
    allocatedStorage: props.storageGiB ?? DEFAULT_STORAGE_GIB,
    engineVersion: props.engineVersion ?? DEFAULT_ENGINE,
    autoMinorVersionUpgrade: false,
    allowMajorVersionUpgrade: true,
    multiAz: props.multiAz ?? false,
    publiclyAccessible: false,
    replicationSubnetGroupIdentifier: subnetGroup.ref,
    vpcSecurityGroupIds: [securityGroup.securityGroupId],
    ...(props.kmsKey === undefined ? {} : { kmsKeyId: props.kmsKey.keyArn }),
  });
  instance.node.addDependency(log);
  return instance;
}

/** Changes with what replaces the instance, so that the new one never has the old one's name. */
function instanceName(scope: Construct, { kmsKey }: DmsReplicationProps): string {
  const replacing = JSON.stringify(Stack.of(scope).resolve(kmsKey?.keyArn) ?? '');
  const hash = createHash('sha256').update(replacing).digest('hex').slice(0, 8);
  return `${plainName(scope, 50)}-${hash}`;
}

/** A name that AWS DMS accepts: lower-case letters, digits and single hyphens, with a letter first. */
export function plainName(scope: Construct, maxLength: number): string {
  const unique = Names.uniqueResourceName(scope, { maxLength: maxLength - 2, separator: '-' });
  return `p-${unique.toLowerCase()}`.replace(/-{2,}/g, '-').replace(/-$/, '');
}
