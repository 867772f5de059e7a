import type { JournalEntry } from './journal';
import { CutoverPhase } from './phases';
import type { CutoverPlan } from './plan';

/** What the servers say of a migration. */
export interface CutoverObservation {
  /** The journal's entry on the old writer of the plan, and on the new one after a rollback began. */
  readonly from: JournalEntry | undefined;
  readonly to: JournalEntry | undefined;
  /** Whether the way forward carries. */
  readonly forward: PathState;
  /** Whether the way back carries. */
  readonly reverse: PathState;
  /** Where clients are sent; undefined if that is somebody else's. */
  readonly active: string | undefined;
  /** What a ledger remembers of how the migration was finalized; undefined if nothing. */
  readonly finalized: FinalState | undefined;
}

/**
 * What there is of a path. One that is stalled is to carry, but nobody reads its slot: the receiver cannot log in, say.
 * While pglogical copies the first rows nobody reads it either.
 */
export type PathState = 'absent' | 'stopped' | 'stalled' | 'copying' | 'carrying';

/** How a migration was finalized. */
export interface FinalState {
  /** The writer that it ended with; undefined if an earlier release finalized it. */
  readonly writer: string | undefined;
}

/** How far a migration is. */
export interface CutoverState {
  readonly phase: CutoverPhase;
  /** The server that applications may write to; undefined while none is, or if nothing says which one. */
  readonly writer: string | undefined;
}

/** The phase that `observation` shows. Nothing but the servers' own state says so. */
export function stateOf(plan: CutoverPlan, observation: CutoverObservation): CutoverState {
  const { from, to, forward, reverse } = observation;
  if (to !== undefined && (from === undefined || from.opened))
    return phaseBehind(to, plan.from, { ahead: reverse, back: forward }, observation);
  if (from !== undefined)
    return phaseBehind(from, plan.to, { ahead: forward, back: reverse }, observation);
  if (forward === 'absent' && reverse === 'absent')
    return observation.finalized === undefined
      ? { phase: CutoverPhase.ABSENT, writer: observation.active }
      : {
          phase: CutoverPhase.FINALIZED,
          writer: observation.finalized.writer ?? observation.active,
        };
  return { phase: CutoverPhase.PROVISIONED, writer: plan.from };
}

function phaseBehind(
  fence: JournalEntry,
  next: string,
  { ahead, back }: { readonly ahead: PathState; readonly back: PathState },
  { active, finalized }: CutoverObservation,
): CutoverState {
  if (fence.opened) {
    // Nothing is left of the only way there either, where no way back was declared: that was dropped at the opening.
    const gone = ahead === 'absent' && back === 'absent' && finalized !== undefined;
    return { phase: gone ? CutoverPhase.FINALIZED : CutoverPhase.OPEN, writer: next };
  }
  // Nobody undoes a decision, and who made it may have been cut off before anybody was let in.
  if (fence.decided || active === next) return { phase: CutoverPhase.SWITCHED, writer: undefined };
  if (isStarted(back) && !isStarted(ahead))
    return { phase: CutoverPhase.REVERSED, writer: undefined };
  return { phase: CutoverPhase.FENCED, writer: undefined };
}

function isStarted(path: PathState): boolean {
  return path !== 'absent' && path !== 'stopped';
}
