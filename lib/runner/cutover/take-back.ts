import { type JournalEntry, PontoonError } from '../../postgres';
import { messageOf } from '../message-of';
import type { CutoverContext } from './context';
import { regainSessions } from './take-walk';
import { undo, undoPreparation, undoSwitch } from './undo';

/** What to do where nothing decides any more but a person. */
export const NEVER_COMES_BACK =
  "if it is gone for good, see UNDECIDED in 'pontoon runbook' before anything is lifted by hand";

/** How long the old writer may take to say how far the walk was. */
const ANSWER_MS = 30_000;

/** Undoes unless the decision has fallen; throws in any case. */
export async function takeBack(context: CutoverContext, cause: unknown): Promise<never> {
  context.leaveReaders();
  const found = await journalAfterFailure(context).catch((error: unknown) => {
    // The decision may have fallen; what is undone behind an open writer cannot be mended.
    throw cutOff(context, [`the journal: ${messageOf(error)}`], cause);
  });
  if (found?.decided === true) throw undecided(context, cause);
  // Whoever took it over while no session of this walk was left goes on with it.
  if (found !== undefined && found.owner !== context.owner)
    throw cutOff(context, [`the fence, which is now in the hands of '${found.owner}'`], cause);
  if (found === undefined && context.fenced) throw await ended(context, cause);
  // Nobody was closed, nothing was stopped, and clients may have been led elsewhere since.
  context.preparing = found === undefined;
  await context.services.onEvent?.({ kind: 'undo', reason: messageOf(cause) });
  const failures = await takenBack(context, context.preparing ? undoPreparation : undo);
  if (failures.length > 0) throw cutOff(context, failures, cause);
  throw new PontoonError(
    'UNDONE',
    `${messageOf(cause)}; everything was taken back, and '${context.plan.from}' works as before`,
    { cause },
  );
}

/**
 * A walk that slept must not take anything back behind somebody who moved the writers on. A switch of clients that it slept
 * over may have led them to a server that is closed, where nobody else would look for them.
 */
async function ended(context: CutoverContext, cause: unknown): Promise<PontoonError> {
  const failures = await takenBack(context, undoSwitch);
  const left =
    failures.length === 0 ? '' : `, which could not be taken back: ${failures.join('; ')}`;
  return new PontoonError(
    'HELD',
    `${messageOf(cause)}; the fence on '${context.plan.from}' must stand until the walk behind it ends, got none: somebody else lifted it, or ended the migration, so that nothing was taken back but a switch of clients to a closed server${left}; look at the status`,
    { cause },
  );
}

async function journalAfterFailure(context: CutoverContext): Promise<JournalEntry | undefined> {
  const { from } = context.plan;
  // The old writer first: as soon as it answers the fence can fall, whatever has become of the others.
  await regainSessions(context, [from]);
  context.startClock(ANSWER_MS);
  return await context.journal(from);
}

/** Takes back, and once more if a session broke. Returns what could not be taken back, a sentence each. */
export async function takenBack(
  context: CutoverContext,
  undoing: (context: CutoverContext) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const failures = await undoing(context);
  if (failures.length === 0) return failures;
  try {
    return (await regainSessions(context)) ? await undoing(context) : failures;
  } catch (error) {
    return [...failures, `a session that broke: ${messageOf(error)}`];
  }
}

function undecided({ plan }: CutoverContext, cause: unknown): unknown {
  if (cause instanceof PontoonError && cause.code === 'UNDECIDED') return cause;
  return new PontoonError(
    'UNDECIDED',
    `${messageOf(cause)}; '${plan.to}' was to be opened and may be open, so that '${plan.from}' stays fenced: run the cutover again; ${NEVER_COMES_BACK}`,
    { cause },
  );
}

/** What failed, and what could not be taken back of it. */
export function cutOff(
  { plan, freed, preparing }: CutoverContext,
  failures: readonly string[],
  cause: unknown,
): PontoonError {
  return new PontoonError(
    'CUT_OFF',
    `${cause === undefined ? '' : `${messageOf(cause)}; `}what could not be taken back: ${failures.join('; ')}; ${freed || preparing ? `'${plan.from}' is open${preparing ? ' as before' : ' again'}; run it again as soon as the servers answer, so that the rest is taken back` : `run it again as soon as the servers answer, since '${plan.from}' may still be fenced`}`,
    { cause },
  );
}
