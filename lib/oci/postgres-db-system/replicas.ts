import type { DbSystemOptions } from './args';

type ReplicaOptions = Pick<DbSystemOptions, 'readReplicas' | 'addedReplicas' | 'removedReplicas'>;

/** The instances of a database as OCI has them. */
export interface FoundInstances {
  readonly instanceCount: number;
  readonly instances: readonly { readonly id: string }[];
}

/** How many there are, and those that come or go, follow from the same args: OCI refuses what does not fit. */
export function instances(options: ReplicaOptions) {
  const { addedReplicas = 0, removedReplicas = [] } = options;
  const patchOperations = [
    ...Array.from({ length: addedReplicas }, () => ({
      operation: 'INSERT',
      selection: 'instances',
    })),
    ...removedReplicas.map((id) => ({
      operation: 'REMOVE',
      selection: `instances[?id == '${id}']`,
    })),
  ];
  return {
    instanceCount: before(options) + addedReplicas - removedReplicas.length,
    ...(patchOperations.length === 0 ? {} : { patchOperations }),
  };
}

/** Says what is wrong with the replicas of a new database. */
export function newReplicaProblems({ addedReplicas = 0, removedReplicas = [] }: ReplicaOptions) {
  return [
    ...(addedReplicas === 0
      ? []
      : [
          `'addedReplicas' must be 0 for a database that is not there yet, got ${addedReplicas}; count them in 'readReplicas'`,
        ]),
    ...(removedReplicas.length === 0
      ? []
      : [
          `'removedReplicas' must be empty for a database that is not there yet, got ${removedReplicas.join(', ')}; take them out`,
        ]),
  ];
}

/** Says what is wrong with the replicas of a database that is there. What was added or removed already may stay said. */
export function replicaProblems(
  options: ReplicaOptions,
  { instanceCount, instances: there }: FoundInstances,
): string[] {
  const { removedReplicas = [] } = options;
  const isDone = instanceCount === instances(options).instanceCount;
  if (isDone) return [];
  if (instanceCount !== before(options)) {
    const got = `got ${before(options) - 1}`;
    return [
      `'readReplicas' must be the ${instanceCount - 1} that the database has, ${got}; say how many come in 'addedReplicas', and which go in 'removedReplicas'`,
    ];
  }
  return removedReplicas
    .filter((id) => !there.some((instance) => instance.id === id))
    .map(
      (id) =>
        `'removedReplicas' must name instances of the database, got ${id}; it has ${there.map((instance) => instance.id).join(', ')}`,
    );
}

function before({ readReplicas = 0 }: ReplicaOptions): number {
  return 1 + readReplicas;
}
