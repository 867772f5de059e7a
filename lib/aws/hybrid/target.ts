import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import {
  deriveSettings,
  LinkKind,
  linksInto,
  renderParameterGroup,
  type Topology,
} from '../../postgres';
import { AuroraTarget } from '../aurora';
import type { ServerBinding } from '../server-binding';
import { SERVERS } from './hybrid-topology';
import type { HybridMigrationProps } from './props';

/** The target, new or there already. */
export interface Target {
  /** Where it is, and its administrator's login. */
  readonly binding: ServerBinding;
  /** Its network rules. */
  readonly connectable: IConnectable;
  /** The new cluster. */
  readonly cluster: AuroraTarget | undefined;
}

/** Makes the cluster, or takes the one that is there. */
export function createTarget(
  scope: Construct,
  props: HybridMigrationProps,
  topology: Topology,
): Target {
  const { target } = props;
  if (target.existing !== undefined) {
    return {
      binding: target.existing.binding,
      connectable: target.existing.connectable,
      cluster: undefined,
    };
  }
  const linked = linksInto(topology, SERVERS.target).some(
    (link) => link.kind !== LinkKind.PHYSICAL,
  );
  const cluster = new AuroraTarget(scope, 'Target', {
    vpc: props.vpc,
    majorVersion: target.majorVersion,
    databaseName: target.databaseName ?? props.source.databaseName,
    serverName: SERVERS.target,
    ...(linked
      ? { replicationParameters: renderParameterGroup(deriveSettings(topology, SERVERS.target)) }
      : {}),
    ...(target.engineVersion === undefined ? {} : { engineVersion: target.engineVersion }),
    ...(target.serverlessMinCapacity === undefined
      ? {}
      : { serverlessMinCapacity: target.serverlessMinCapacity }),
    ...(target.serverlessMaxCapacity === undefined
      ? {}
      : { serverlessMaxCapacity: target.serverlessMaxCapacity }),
    ...(target.subnets === undefined ? {} : { subnets: target.subnets }),
    ...(target.instanceType === undefined ? {} : { instanceType: target.instanceType }),
    ...(target.readers === undefined ? {} : { readers: target.readers }),
    ...(target.deletionProtection === undefined
      ? {}
      : { deletionProtection: target.deletionProtection }),
    ...(target.removalPolicy === undefined ? {} : { removalPolicy: target.removalPolicy }),
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  return { binding: cluster.binding, connectable: cluster, cluster };
}
