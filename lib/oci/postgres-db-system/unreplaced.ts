import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { ValidationError } from '../../postgres';
import type { PostgresDbSystemArgs } from './args';
import { majorOf } from './configuration';
import {
  type FoundInstances,
  newReplicaProblems,
  type PatchOperation,
  patchOperations,
  replicaProblems,
} from './replicas';

/** What is asked of OCI for a database that is new, or there already. */
export interface Planned {
  readonly dbVersion: string;
  readonly patchOperations: PatchOperation[];
}

/**
 * The version to make the database with, and the replicas that come or go, once it is clear that none of that name is
 * there which would be replaced by an empty one, or whose replicas OCI would not let come or go so. It fails while Pulumi
 * previews.
 */
export function planUnreplaced(
  name: string,
  args: PostgresDbSystemArgs,
  parent: pulumi.Resource,
): pulumi.Output<Planned> {
  const { compartmentId, subnetId } = args;
  const found = oci.psql.getDbSystemsOutput({ compartmentId, displayName: name }, { parent });
  return pulumi.all([found.dbSystemCollections, subnetId]).apply(([collections, wantedSubnet]) => {
    const systems = collections.flatMap(({ items }) => items);
    const operations = checkUnreplaced(name, args, { systems, wantedSubnet });
    return { dbVersion: majorOf(args), patchOperations: [...operations] };
  });
}

/**
 * Checks that what OCI has by that name can stay, and says which of its replicas come or go.
 *
 * @throws ValidationError if each of `systems` would be replaced, or has replicas of which nobody says that they go; or
 * if several could be the one that is meant, and are not to be changed alike.
 */
export function checkUnreplaced(
  name: string,
  args: PostgresDbSystemArgs,
  { systems, wantedSubnet }: { readonly systems: readonly FoundSystem[]; wantedSubnet: string },
): readonly PatchOperation[] {
  const living = systems.filter(({ state }) => lives(state));
  const judged = living.map((system) => ({
    system,
    problems: [...replacements(args, system, wantedSubnet), ...replicaProblems(args, system)],
  }));
  const fitting = judged.filter(({ problems }) => problems.length === 0);
  // Several of one name: one that fits may be this one.
  const problems = judged[0]?.problems ?? newReplicaProblems(args);
  if (fitting.length === 0 && problems.length > 0)
    throw new ValidationError(`database '${name}'`, problems);
  const plans = fitting.map(({ system }) => patchOperations(args, system));
  const [plan = []] = plans;
  if (plans.every((other) => JSON.stringify(other) === JSON.stringify(plan))) return plan;
  throw new ValidationError(`database '${name}'`, [
    `the compartment must have one database of that name whose replicas come or go, got ${plans.length} with different numbers of them; give the others another name`,
  ]);
}

/** A database as OCI lists it. */
export interface FoundSystem extends FoundInstances {
  readonly state: string;
  readonly dbVersion: string;
  readonly adminUsername: string;
  readonly networkDetails: readonly { readonly subnetId: string }[];
  readonly storageDetails: readonly {
    readonly isRegionallyDurable: boolean;
    readonly availabilityDomain: string;
  }[];
}

function replacements(
  args: PostgresDbSystemArgs,
  { dbVersion, adminUsername, networkDetails, storageDetails }: FoundSystem,
  wantedSubnet: string,
): string[] {
  const [network] = networkDetails;
  const [storage] = storageDetails;
  const domain = storage?.isRegionallyDurable === false ? storage.availabilityDomain : undefined;
  const everywhere = 'all availability domains';
  return [
    ...changed('majorVersion', dbVersion.split('.')[0], majorOf(args)),
    ...changed('administrator.username', adminUsername, args.administrator.username),
    ...changed('subnetId', network?.subnetId, wantedSubnet),
    ...changed('availabilityDomain', domain ?? everywhere, args.availabilityDomain ?? everywhere),
  ];
}

function changed(property: string, before: string | undefined, after: string): string[] {
  if (before === undefined || before === after) return [];
  return [
    `'${property}' cannot change from ${before} to ${after}, since OCI would replace the database by an empty one; make another database under another name, and replicate to it`,
  ];
}

function lives(state: string): boolean {
  return !['DELETED', 'DELETING', 'FAILED'].includes(state);
}
