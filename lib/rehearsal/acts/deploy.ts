import { PontoonError } from '../../postgres';
import { reasonNotPlayed } from '../cloud/unplayed';
import type { Act } from './act';
import type { StackScene } from './stack-scene';

/** Deploys the stack, and writes down which servers it made. */
export const deploy: Act<StackScene> = {
  name: 'deploy',
  title: 'Deploy the stack',
  async play(scene) {
    const { findings, migration, assembly } = scene.context;
    const result = await scene.cloud.deploy(assembly, migration.stack.stackName);
    scene.addEvents(result);
    if (result.status !== 'CREATE_COMPLETE') {
      throw new PontoonError(
        'NOT_DEPLOYED',
        `the deployment ended as ${result.status}: ${result.reason}`,
      );
    }
    for (const [type, ids] of Object.entries(result.notPlayed))
      findings.notPlayed.push({ type, count: ids.length, reason: reasonNotPlayed(type) });
    await nameServers(scene);
  },
};

async function nameServers(scene: StackScene): Promise<void> {
  const { stage, context, target } = scene;
  const { chain } = context;
  if (stage.standby !== undefined && chain.standby !== undefined)
    await scene.addServer(chain.standby, stage.standby, 'standby');
  await scene.addServer(chain.target, target, 'target');
}
