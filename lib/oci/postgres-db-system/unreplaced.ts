import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { ValidationError } from '../../postgres';
import type { PostgresDbSystemArgs } from './args';
import { majorOf } from './configuration';
import { type FoundInstances, newReplicaProblems, replicaProblems } from './replicas';

/**
 * The version to make the database with, once it is clear that none of that name is there which would be replaced by an
 * empty one, or whose replicas OCI would not let come or go so. It fails while Pulumi previews.
 */
export function unreplacedVersion(
  name: string,
  args: PostgresDbSystemArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { compartmentId, subnetId } = args;
  const found = oci.psql.getDbSystemsOutput({ compartmentId, displayName: name }, { parent });
  return pulumi.all([found.dbSystemCollections, subnetId]).apply(([collections, wantedSubnet]) => {
    const systems = collections.flatMap(({ items }) => items);
    checkUnreplaced(name, args, { systems, wantedSubnet });
    return majorOf(args);
  });
}

/**
 * Checks that what OCI has by that name can stay.
 *
 * @throws ValidationError if each of `systems` would be replaced, or has other replicas.
 */
export function checkUnreplaced(
  name: string,
  args: PostgresDbSystemArgs,
  { systems, wantedSubnet }: { readonly systems: readonly FoundSystem[]; wantedSubnet: string },
): void {
  const reasons = systems
    .filter(({ state }) => lives(state))
    .map((system) => [
      ...replacements(args, system, wantedSubnet),
      ...replicaProblems(args, system),
    ]);
  if (reasons.length === 0) reasons.push(newReplicaProblems(args));
  const [problems = []] = reasons;
  // Several of one name: one that fits may be this one.
  if (problems.length > 0 && reasons.every((list) => list.length > 0))
    throw new ValidationError(`database '${name}'`, problems);
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
