import type { DbSystemOptions } from './args';

type ReplicaOptions = Pick<DbSystemOptions, 'readReplicas' | 'removedReplicas'>;

/** The instances of a database as OCI has them. */
export interface FoundInstances {
  readonly instanceCount: number;
  readonly instances: readonly { readonly id: string }[];
}

/** What OCI is asked for when an instance comes or goes. */
export interface PatchOperation {
  readonly operation: 'INSERT' | 'REMOVE';
  readonly selection: string;
}

/** How many instances a database is to have: the primary, and its replicas. */
export function instanceCount({ readReplicas = 0 }: ReplicaOptions): number {
  return 1 + readReplicas;
}

/**
 * What gets a database that is there to as many replicas as are wanted. OCI's provider takes operations with a change of
 * the count only, and that with operations only: once the replicas are there, or gone, there are none.
 */
export function patchOperations(
  options: ReplicaOptions,
  found: FoundInstances,
): readonly PatchOperation[] {
  const missing = Math.max(0, instanceCount(options) - found.instanceCount);
  return [
    ...Array.from({ length: missing }, () => ({
      operation: 'INSERT' as const,
      selection: 'instances',
    })),
    ...leaving(options, found).map((id) => ({
      operation: 'REMOVE' as const,
      selection: `instances[?id == '${id}']`,
    })),
  ];
}

/** Says what is wrong with the replicas of a new database. */
export function newReplicaProblems({ removedReplicas = [] }: ReplicaOptions): string[] {
  if (removedReplicas.length === 0) return [];
  return [
    `'removedReplicas' must be empty for a database that is not there yet, got ${removedReplicas.join(', ')}; take them out`,
  ];
}

/** Says what is wrong with the replicas of a database that is there: OCI must be told which go, and does not choose. */
export function replicaProblems(options: ReplicaOptions, found: FoundInstances): string[] {
  const { instanceCount: there, instances } = found;
  const surplus = Math.max(0, there - instanceCount(options));
  const going = leaving(options, found);
  if (going.length === surplus) return [];
  const { readReplicas = 0 } = options;
  const ids = instances.map(({ id }) => id).join(', ');
  return [
    `'removedReplicas' must name ${surplus} of the database's instances, as it has ${there - 1} replicas and 'readReplicas' is ${readReplicas}, got ${going.length === 0 ? 'none' : going.join(', ')}; it has ${ids}`,
  ];
}

/** What is gone already may stay said. */
function leaving(
  { removedReplicas = [] }: ReplicaOptions,
  { instances }: FoundInstances,
): readonly string[] {
  return removedReplicas.filter((id) => instances.some((instance) => instance.id === id));
}
