import type { Act } from './acts/act';
import { catchUp } from './acts/catch-up';
import { copy } from './acts/copy';
import { account, cutover, cutoverAgain, endpoint, finalize, rollback } from './acts/cutover';
import { deleteStack, lookForLeftovers } from './acts/delete';
import { deploy } from './acts/deploy';
import { flow } from './acts/flow';
import { prepareSource } from './acts/prepare-source';
import { Scene } from './acts/scene';
import { verify } from './acts/verify';
import { Workload } from './acts/workload';
import type { RehearsalContext } from './context';

/** What happens between the start of the source and the deletion of the stack, in this order. */
const ACTS: readonly Act[] = [deploy, copy, flow, catchUp, verify, account];

/** The same, where the stack has a state machine: there, back, there again, and to the end. */
const ACTS_WITH_CUTOVER: readonly Act[] = [
  deploy,
  copy,
  flow,
  endpoint,
  cutover,
  rollback,
  cutoverAgain,
  catchUp,
  verify,
  account,
  finalize,
];

/**
 * Plays one rehearsal, from the first server to the deletion of the stack. Whatever happens, the stack is deleted and
 * the cloud is closed.
 */
export async function play(context: RehearsalContext): Promise<void> {
  const scene = await Scene.open(context);
  try {
    await playActs(scene);
  } finally {
    await scene.close();
  }
}

async function playActs(scene: Scene): Promise<void> {
  const { recorder } = scene.context;
  const [source, workload] = await recorder.phase(
    'source',
    'Start the source, with data',
    async () => {
      const prepared = await prepareSource(scene);
      return [prepared, await Workload.start(scene, prepared)] as const;
    },
  );
  try {
    for (const act of actsOf(scene.context))
      await recorder.phase(act.name, act.title, () => act.play(scene, workload));
  } finally {
    await workload.end();
    await recorder.phase('delete', 'Delete the stack', () => deleteStack(scene));
    await lookForLeftovers(scene, source);
  }
}

function actsOf({ migration, cutover: wanted }: RehearsalContext): readonly Act[] {
  const resources = [...migration.stack.template.resources.values()];
  const switches = resources.some(({ type }) => type === 'AWS::StepFunctions::StateMachine');
  return wanted && switches ? ACTS_WITH_CUTOVER : ACTS;
}
