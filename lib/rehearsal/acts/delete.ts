import { concludeLeftovers, type Place } from '../checks/conclusions';
import type { PreparedSource } from './prepare-source';
import type { StackScene } from './stack-scene';

/** Deletes the stack, if it is there. That it could not be deleted is a problem. */
export async function deleteStack(scene: StackScene): Promise<void> {
  const { migration, findings } = scene.context;
  const name = migration.stack.stackName;
  if (!scene.cloud.stackNames().includes(name)) return;
  const result = await scene.cloud.destroy(name);
  scene.addEvents(result);
  const { status, reason } = result;
  if (status === 'DELETE_COMPLETE') return;
  findings.problems.push(`the deletion ended as ${status}: ${reason}`);
}

/** Looks for what the stack should have taken away with it. */
export async function lookForLeftovers(scene: StackScene, source: PreparedSource): Promise<void> {
  const { context, stage, sourceDatabase, targetDatabase } = scene;
  const { server, rolesBefore } = source;
  const places: Place[] = [{ server, database: sourceDatabase, rolesBefore }];
  if (stage.target !== undefined) {
    const { server: target, administrator } = stage.target;
    places.push({ server: target, database: targetDatabase, rolesBefore: [administrator] });
  }
  await concludeLeftovers(context, places);
}
