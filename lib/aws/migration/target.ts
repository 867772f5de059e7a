import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import {
  deriveSettings,
  LinkKind,
  linksInto,
  nameProblem,
  Problems,
  renderParameterGroup,
  type Topology,
} from '../../postgres';
import { AuroraTarget, type ClusterPlan, clusterProblems, engineProblems } from '../aurora';
import type { ServerBinding } from '../server-binding';
import type { MigrationProps, MigrationTarget } from './props';

/** The target, new or there already. */
export interface Target {
  /** Where it is, and its administrator's login. */
  readonly binding: ServerBinding;
  /** Its network rules. */
  readonly connectable: IConnectable;
  /** The new cluster. */
  readonly cluster: AuroraTarget | undefined;
}

/** How a target is known to the rest of its migration. */
export interface TargetRole {
  /** Its name in the topology. */
  readonly server: string;
  /** Its database. */
  readonly database: string;
}

/** What a new cluster is, wherever it lies. */
function clusterPlan(
  { cluster: options = {}, majorVersion }: MigrationTarget,
  { server, database }: TargetRole,
  topology: Topology,
): ClusterPlan {
  const linked = linksInto(topology, server).some((link) => link.kind !== LinkKind.PHYSICAL);
  return {
    ...options,
    majorVersion,
    databaseName: database,
    serverName: server,
    ...(linked
      ? { replicationParameters: renderParameterGroup(deriveSettings(topology, server)) }
      : {}),
  };
}

/** Makes the cluster, or takes the one that is there. */
export function createTarget(
  scope: Construct,
  { vpc, target, encryptionKey }: MigrationProps,
  { topology, ...role }: TargetRole & { readonly topology: Topology },
): Target {
  const { existing, subnets } = target;
  if (existing !== undefined) return { ...existing, cluster: undefined };
  const cluster = new AuroraTarget(scope, 'Target', {
    ...clusterPlan(target, role, topology),
    vpc,
    ...(subnets === undefined ? {} : { subnets }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  return { binding: cluster.binding, connectable: cluster, cluster };
}

/** Says what is wrong with `target`, as the property of that name; without a topology, as far as it is known then. */
export function targetProblems(
  target: MigrationTarget,
  role: TargetRole,
  topology: Topology | undefined,
): readonly string[] {
  const problems = new Problems();
  for (const [index, name] of (target.readOnlyRoles ?? []).entries()) {
    const problem = nameProblem(name, `target.readOnlyRoles[${index}]`);
    if (problem !== undefined) problems.add(problem);
  }
  if (target.existing === undefined) {
    const found =
      topology === undefined
        ? engineProblems(target.majorVersion, target.cluster?.engineVersion)
        : clusterProblems(clusterPlan(target, role, topology));
    for (const problem of found) problems.add(problem.replace(/^'/, "'target.cluster."));
    return problems.list();
  }
  const { server, database } = target.existing.binding;
  problems.addIf(
    server !== role.server,
    `'target.existing.binding.server' must be '${role.server}', as the topology calls the target, got '${server}'; make a ServerBinding of that name`,
  );
  problems.addIf(
    database !== role.database,
    `'target.existing.binding.database' must be the target's database ${JSON.stringify(role.database)}, got ${JSON.stringify(database)}; correct it or give 'target.databaseName'`,
  );
  problems.addIf(
    target.cluster !== undefined,
    "'target.cluster' must be left out for an existing cluster, got options; remove them or 'target.existing'",
  );
  return problems.list();
}
