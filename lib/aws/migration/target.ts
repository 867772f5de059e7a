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
import { AuroraTarget, engineProblems } from '../aurora';
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

/** Makes the cluster, or takes the one that is there. */
export function createTarget(
  scope: Construct,
  { vpc, target, encryptionKey }: MigrationProps,
  { server, database, topology }: TargetRole & { readonly topology: Topology },
): Target {
  const { existing, cluster: options = {}, majorVersion, subnets } = target;
  if (existing !== undefined) return { ...existing, cluster: undefined };
  const linked = linksInto(topology, server).some((link) => link.kind !== LinkKind.PHYSICAL);
  const cluster = new AuroraTarget(scope, 'Target', {
    ...options,
    vpc,
    majorVersion,
    databaseName: database,
    serverName: server,
    ...(linked
      ? { replicationParameters: renderParameterGroup(deriveSettings(topology, server)) }
      : {}),
    ...(subnets === undefined ? {} : { subnets }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  return { binding: cluster.binding, connectable: cluster, cluster };
}

/** Says what is wrong with `target`, as the property of that name. */
export function targetProblems(target: MigrationTarget, role: TargetRole): readonly string[] {
  const problems = new Problems();
  for (const [index, name] of (target.readOnlyRoles ?? []).entries()) {
    const problem = nameProblem(name, `target.readOnlyRoles[${index}]`);
    if (problem !== undefined) problems.add(problem);
  }
  if (target.existing === undefined) {
    for (const problem of engineProblems(target.majorVersion, target.cluster?.engineVersion))
      problems.add(problem.replace("'engineVersion'", "'target.cluster.engineVersion'"));
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
