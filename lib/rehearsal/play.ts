import { account } from './acts/account';
import type { Act } from './acts/act';
import { catchUp } from './acts/catch-up';
import { copy } from './acts/copy';
import { cutover, cutoverAgain, endpoint, finalize, rollback } from './acts/cutover';
import { deleteStack, lookForLeftovers } from './acts/delete';
import { deploy } from './acts/deploy';
import { flow } from './acts/flow';
import { prepareSource } from './acts/prepare-source';
import type { Scene } from './acts/scene';
import { StackScene } from './acts/stack-scene';
import { verify } from './acts/verify';
import { Workload } from './acts/workload';
import type { StackContext } from './context';
import type { Source } from './source';

/** What happens between the start of the source and the deletion of the stack, in this order. */
const ACTS: readonly Act<StackScene>[] = [deploy, copy, flow, catchUp, verify, account];

/** The same, where the stack has a state machine: there, back, there again, and to the end. */
const ACTS_WITH_CUTOVER: readonly Act<StackScene>[] = [
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
 * Plays one rehearsal of a stack, from the first server to the deletion of the stack. Whatever happens, the stack is
 * deleted and the cloud is closed.
 */
export async function play(context: StackContext): Promise<void> {
  const scene = await StackScene.open(context);
  try {
    await playActs(scene, {
      prepare: () => prepareSource(scene),
      acts: actsOf(context),
      end: { title: 'Delete the stack', play: () => deleteStack(scene) },
      lookBack: (source) => lookForLeftovers(scene, source),
    });
  } finally {
    await scene.close();
  }
}

/** What is played on a scene. */
export interface Play<On extends Scene, From extends Source> {
  /** Starts the server that the data comes from, with data. */
  readonly prepare: () => Promise<From>;
  readonly acts: readonly Act<On>[];
  /** Takes away what was deployed, whatever happened. */
  readonly end: { readonly title: string; readonly play: () => Promise<void> };
  /** Looks for what is left. */
  readonly lookBack: (source: From) => Promise<void>;
}

/** Has applications write from the first server on while `acts` are played one after another. */
export async function playActs<On extends Scene, From extends Source>(
  scene: On,
  { prepare, acts, end, lookBack }: Play<On, From>,
): Promise<void> {
  const { recorder } = scene.context;
  const [source, workload] = await recorder.phase(
    'source',
    'Start the source, with data',
    async () => {
      const prepared = await prepare();
      return [prepared, await Workload.start(scene, prepared)] as const;
    },
  );
  try {
    for (const act of acts)
      await recorder.phase(act.name, act.title, () => act.play(scene, workload));
  } finally {
    await workload.end();
    await recorder.phase('delete', end.title, end.play);
    await lookBack(source);
  }
}

function actsOf({ migration, cutover: wanted }: StackContext): readonly Act<StackScene>[] {
  const resources = [...migration.stack.template.resources.values()];
  const switches = resources.some(({ type }) => type === 'AWS::StepFunctions::StateMachine');
  return wanted && switches ? ACTS_WITH_CUTOVER : ACTS;
}
