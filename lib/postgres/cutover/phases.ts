/** How far a cutover is. Each phase is a state of the servers that can be observed, and undone until `open`. */
export enum CutoverPhase {
  /** Nothing of the migration is there, nor a trace that it ever was: it was not deployed, or is called otherwise. */
  ABSENT = 'absent',
  /** The old writer is written to; the new one follows it. */
  PROVISIONED = 'provisioned',
  /** Nobody but the migration reaches the old writer's database. */
  FENCED = 'fenced',
  /** The new writer has everything, and the old one will follow it. */
  REVERSED = 'reversed',
  /** Clients are sent to the new writer, which still refuses them. */
  SWITCHED = 'switched',
  /** The new writer is written to. What comes after is a cutover in the other direction. */
  OPEN = 'open',
  /** Nothing of the migration is left. */
  FINALIZED = 'finalized',
}

/** One step of a cutover: what the runner does, and what people read of it. */
export interface CutoverStep {
  /** Stable, for reports, histories and tests. */
  readonly id: CutoverStepId;
  /** The phase that the step works towards. */
  readonly phase: CutoverPhase;
  /** What it does, as people read it while it runs. */
  readonly title: string;
  /** Why, and what holds afterwards. */
  readonly purpose: string;
  /** Whether nothing undoes it: afterwards a way back is a cutover in the other direction. */
  readonly final: boolean;
}

/** The steps by name. */
export type CutoverStepId =
  | 'gates'
  | 'prepare'
  | 'fence'
  | 'quiet'
  | 'catch-up'
  | 'sequences'
  | 'verify'
  | 'stop-forward'
  | 'reverse'
  | 'switch'
  | 'open'
  | 'settle';

const { PROVISIONED, FENCED, REVERSED, SWITCHED, OPEN } = CutoverPhase;

/** What a cutover does, in order; also what a rollback does, in the other direction. */
export const CUTOVER_STEPS: readonly CutoverStep[] = [
  step('gates', PROVISIONED, 'Check that a cutover would succeed', [
    'Lag, schemas, rows, rights, sessions and the way back are looked at; what cannot be read counts as closed.',
    'Nothing is changed but the password by which the way forward logs in, where that was rotated.',
  ]),
  step('prepare', PROVISIONED, 'Make the way back ready', [
    'The reverse subscription is created and waits, disabled; the planner of the new writer gets statistics; a slot is tried there.',
    'Applications do not notice.',
  ]),
  step('fence', FENCED, 'Close the old writer', [
    'Everybody but the migration loses CONNECT; in the same transaction the journal keeps who had it, who fenced, and until when.',
    'The outage begins.',
  ]),
  step('quiet', FENCED, 'End the sessions that were there', [
    'Sessions of applications are terminated. A superuser’s session, a prepared transaction or a job that is none of ours stops the cutover.',
  ]),
  step('catch-up', FENCED, 'Wait until the new writer has everything', [
    'A canary is committed after the last write; every hop confirms its position and the canary itself arrives.',
  ]),
  step('sequences', FENCED, 'Carry the sequences over', [
    'Every sequence of the new writer goes on where the old one stopped, with a margin.',
    'One that no selected table is known to use is moved ahead, and never back.',
  ]),
  step('verify', FENCED, 'Compare what the time allows', [
    'Small tables first. What does not fit was compared before the fence, and its stream has not broken since.',
  ]),
  step('stop-forward', REVERSED, 'Stop the way forward', [
    'Nothing that is written on the new side from now on may come back to it.',
  ]),
  step('reverse', REVERSED, 'Start the way back', [
    'The slot is made before the new writer opens, so that it sees every write from the first on.',
  ]),
  step('switch', SWITCHED, 'Send clients to the new writer', [
    'The endpoint’s active side changes; the new writer still refuses applications.',
  ]),
  step(
    'open',
    OPEN,
    'Open the new writer',
    [
      'The old writer’s log is decoded from the fence on: it must hold the migration’s own transactions only.',
      'Then the decision is written into its journal, and applications get CONNECT on the new one.',
      'The outage ends. From here the way back is a rollback.',
    ],
    true,
  ),
  step('settle', OPEN, 'Show that the way back works', [
    'A canary travels back to the old writer; what only the way forward needed is dropped.',
  ]),
];

function step(
  id: CutoverStepId,
  phase: CutoverPhase,
  title: string,
  purpose: readonly string[],
  final = false,
): CutoverStep {
  return { id, phase, title, purpose: purpose.join(' '), final };
}

/** The step called `id`. */
export function cutoverStep(id: CutoverStepId): CutoverStep {
  const found = CUTOVER_STEPS.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`no step is called ${id}`);
  return found;
}
