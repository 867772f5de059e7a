import { type DependencyGraph, type FileAsset, reversed, type StackIdentity } from '../assembly';
import { walkGraph } from './dependency-walk';
import type { ResourceDriver } from './resource-driver';
import type { LeftBehind, PlayedResource, StackEvent, StackState } from './stack-state';
import { eventOf, timed } from './timed-event';

/** A resource that is to be deleted, or retained by its policy. */
export interface Doomed {
  readonly played: PlayedResource;
  readonly retain: boolean;
}

interface DeletionContext {
  readonly driverOf: (type: string) => ResourceDriver;
  readonly assets: readonly FileAsset[];
  readonly concurrency: number;
  readonly emit: (event: StackEvent) => void;
  readonly leaveBehind: (left: LeftBehind) => void;
}

/**
 * Deletes resources, each after those that depend on it. One that cannot be deleted keeps what it
 * depends on; the others are deleted all the same. Gives what was not deleted, and why.
 */
export async function deleteResources(
  doomed: readonly Doomed[],
  context: DeletionContext,
  stack: StackIdentity,
): Promise<readonly { readonly logicalId: string; readonly reason: string }[]> {
  // Two generations of one logical id can be deleted in one go.
  const byKey = new Map(doomed.map((one, index) => [`${logicalIdOf(one)}#${index}`, one]));
  const outcome = await walkGraph(
    reversed(dependenciesOf(byKey)),
    async (key) => {
      const one = byKey.get(key);
      if (one !== undefined) await deleteOne(one, context, stack);
    },
    { concurrency: context.concurrency, afterFailure: 'continue' },
  );
  const failed = [...outcome.failures].map(([key, error]) => ({
    key,
    reason: error instanceof Error ? error.message : String(error),
  }));
  const skipped = outcome.skipped.map((key) => ({
    key,
    reason: 'what depends on it could not be deleted',
  }));
  return [...failed, ...skipped].flatMap(({ key, reason }) => {
    const one = byKey.get(key);
    if (one === undefined || one.played.outcome === undefined) return [];
    const { logicalId, type } = one.played.resource;
    const { physicalId } = one.played.outcome;
    context.leaveBehind({ logicalId, type, physicalId, reason });
    return [{ logicalId, reason: `${logicalId}: ${reason}` }];
  });
}

/** Deletes all resources of a stack; those that could not be deleted stay in it. */
export async function deleteStack(
  state: StackState,
  context: DeletionContext,
): Promise<readonly string[]> {
  const doomed = [...state.resources.values()].map((played) => ({
    played,
    retain: played.resource.deletionPolicy.startsWith('Retain'),
  }));
  const undeleted = await deleteResources(doomed, context, state.identity);
  const remaining = new Set(undeleted.map(({ logicalId }) => logicalId));
  for (const id of [...state.resources.keys()]) {
    if (!remaining.has(id)) state.resources.delete(id);
  }
  return undeleted.map(({ reason }) => reason);
}

function dependenciesOf(byKey: ReadonlyMap<string, Doomed>): DependencyGraph {
  const keysOf = new Map<string, string[]>();
  for (const [key, one] of byKey) {
    keysOf.set(logicalIdOf(one), [...(keysOf.get(logicalIdOf(one)) ?? []), key]);
  }
  return new Map(
    [...byKey].map(([key, one]) => [
      key,
      new Set([...one.played.dependencies].flatMap((id) => keysOf.get(id) ?? [])),
    ]),
  );
}

async function deleteOne(
  { played, retain }: Doomed,
  context: DeletionContext,
  stack: StackIdentity,
): Promise<void> {
  const { resource, outcome, properties } = played;
  if (outcome === undefined) return;
  const { logicalId, type } = resource;
  const subject = { stackName: stack.stackName, resource, action: 'DELETE' as const };
  const { physicalId } = outcome;
  if (retain) {
    const reason = 'retained by its deletion policy';
    context.leaveBehind({ logicalId, type, physicalId, reason });
    context.emit(eventOf(subject, { status: 'SKIPPED', physicalId, reason, seconds: 0 }));
    return;
  }
  const request = { stack, logicalId, type, properties, assets: context.assets };
  await timed(context.emit, subject, outcome, async () => {
    await context.driverOf(type).delete(request, outcome);
    return undefined;
  });
}

function logicalIdOf(one: Doomed): string {
  return one.played.resource.logicalId;
}
