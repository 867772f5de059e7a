import { setTimeout as delay } from 'node:timers/promises';
import { type CutoverInput, PontoonError, parseCutover } from '../../postgres';
import { recordOf } from '../assembly';
import { endpointResolver, placeEndpoint } from '../endpoint';
import { asSuperuser } from '../source';
import type { HistoryEvent } from '../step-functions';
import { letIn } from '../workload/application-login';
import type { Act } from './act';
import type { StackScene } from './stack-scene';
import { outcomeOf, switchWriters, WRITE_AGAIN_MS } from './switch-writers';

/** How long the metrics may take after everything that they look at was dropped. */
const MEASURE_AGAIN_MS = 30_000;
const LOOK_AGAIN_MS = 20;

/** Has applications find their servers by the endpoint of the template, on which the old writer stands. */
export const endpoint: Act<StackScene> = {
  name: 'endpoint',
  title: 'Lead applications by the endpoint',
  async play(scene, workload) {
    const { stage, target, targetDatabase, context } = scene;
    const { plan, endpoint: spec } = told(scene);
    await asSuperuser(target, targetDatabase, async (client) => {
      await letIn(client, workload.login.password);
    });
    if (spec === undefined) {
      throw new PontoonError(
        'NO_ENDPOINT',
        `the cutover of '${plan.migration}' must have an endpoint to be rehearsed, got none; give one to its props`,
      );
    }
    placeEndpoint(spec, stage, plan.from);
    const resolver = endpointResolver(spec, stage, (name) =>
      name === plan.from ? workload.source.server : target,
    );
    workload.follow(resolver, context.chain.target, target);
    await workload.applications.untilWriting({ server: plan.from, deadlineMs: WRITE_AGAIN_MS });
  },
};

/** Runs the state machine of the template to the end, while applications write. */
export const cutover = switching('cutover', 'Cut over', 'cutover', ({ plan }) => plan.to);
export const rollback = switching('rollback', 'Roll back', 'rollback', ({ plan }) => plan.from);
export const cutoverAgain = switching(
  'cutover-again',
  'Cut over again',
  'cutover',
  ({ plan }) => plan.to,
);

/** Drops everything that the migration made between the servers, and sees that the schedule can live without it. */
export const finalize: Act<StackScene> = {
  name: 'finalize',
  title: 'Finalize',
  async play(scene) {
    await execute(scene, 'finalize');
    await untilMeasured(scene);
  },
};

/** Waits until the metrics were published once more, as the schedule of a stack that stays does. */
async function untilMeasured({ metrics, context }: StackScene): Promise<void> {
  const since = performance.now();
  const before = metrics.published;
  while (metrics.published === before) {
    if (performance.now() - since > MEASURE_AGAIN_MS) {
      context.findings.problems.push('no metric was published after the migration was finalized');
      return;
    }
    await delay(LOOK_AGAIN_MS);
  }
}

function switching(
  name: string,
  title: string,
  action: string,
  writerOf: (input: CutoverInput) => string,
): Act<StackScene> {
  return {
    name,
    title,
    async play(scene, workload) {
      await switchWriters(scene.context, workload, {
        name,
        title,
        to: () => writerOf(told(scene)),
        walk: async () => {
          const { output, states } = await execute(scene, action);
          return { ...outcomeOf(output), states };
        },
      });
    },
  };
}

async function execute(
  { stage, context }: StackScene,
  action: string,
): Promise<{ output: Readonly<Record<string, unknown>>; states: { name: string; ms: number }[] }> {
  const { execution, ended } = stage.stepFunctions.start(machineOf(stage), { action });
  const outcome = await ended;
  if (outcome.status === 'FAILED') {
    throw new PontoonError(
      'NOT_SWITCHED',
      `the execution '${action}' must succeed, got ${outcome.error}: ${outcome.cause}; look at the logs of the servers`,
    );
  }
  context.recorder.progress(`${execution.history.length} events in the history`);
  return { output: recordOf(outcome.output), states: durations(execution.history) };
}

function durations(history: readonly HistoryEvent[]): { name: string; ms: number }[] {
  return history.flatMap(({ type, state: name, atMs }) => {
    if (type !== 'TaskStateEntered' || name === undefined) return [];
    const exited = history.find(
      (event) => event.type === 'TaskStateExited' && event.state === name && event.atMs >= atMs,
    );
    return exited === undefined ? [] : [{ name, ms: exited.atMs - atMs }];
  });
}

function machineOf(stage: StackScene['stage']): string {
  const [arn, ...others] = stage.stepFunctions.machineArns;
  if (arn !== undefined && others.length === 0) return arn;
  throw new PontoonError(
    'NO_MACHINE',
    `the stack must make one state machine to be rehearsed, got ${others.length + (arn === undefined ? 0 : 1)}; keep others in another stack`,
  );
}

/** What the state machine tells the function, with the values of this deployment. */
function told({ stage }: StackScene): CutoverInput {
  const { states } = stage.stepFunctions.definition(machineOf(stage));
  const result = recordOf(states.get('Plan')?.fields.Result);
  return parseCutover(recordOf(result.input));
}
