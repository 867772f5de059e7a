import { type CutoverPlan, type JournalEntry, PontoonError } from '../../postgres';
import { messageOf } from '../message-of';
import type { CutoverContext } from './context';
import type { CutoverOutcome } from './services';

/** What says more of the writers than that this one is open: somebody else moves them, or moved them on. */
const OF_OTHERS: readonly string[] = ['HELD', 'NOT_OPEN', 'UNSETTLED'];

/**
 * What is thrown when something failed after the opening: the new writer is open, and nothing of that is undone.
 * `outcome` is what is known of the outage.
 */
export function unsettled({ to }: CutoverPlan, cause: unknown, outcome?: CutoverOutcome): unknown {
  if (cause instanceof PontoonError && OF_OTHERS.includes(cause.code)) return cause;
  const outage =
    outcome?.result === 'opened'
      ? `, and nobody could write for ${Math.round(outcome.closedMs)} ms`
      : '';
  return new PontoonError(
    'UNSETTLED',
    `'${to}' is open${outage}; what follows the opening did not end: ${messageOf(cause)}; mend that and run it again, which goes on there and moves no writer`,
    { cause },
  );
}

/** What is thrown when what follows an opening could not begin, so that nothing says whether the new writer is open. */
export function unasked({ to }: CutoverPlan, cause: unknown): unknown {
  if (cause instanceof PontoonError && OF_OTHERS.includes(cause.code)) return cause;
  return new PontoonError(
    'UNSETTLED',
    `what follows the opening of '${to}' did not begin: ${messageOf(cause)}; mend that and run it again, which moves no writer`,
    { cause },
  );
}

/** What nobody decided would be a cutover that no gate looked at. */
export async function requireDecided(context: CutoverContext): Promise<void> {
  const found = await context.journal(context.plan.from);
  if (found?.decided !== true) throw notOpen(context, 'decided to open', found);
}

/** What follows an opening would, before it or behind a rollback, send clients to where nobody may write. */
export async function requireOpened(context: CutoverContext): Promise<void> {
  const found = await context.journal(context.plan.from);
  if (found?.opened !== true) throw notOpen(context, 'opened', found);
}

function notOpen(
  { plan: { from, to, migration } }: CutoverContext,
  must: string,
  found: JournalEntry | undefined,
): PontoonError {
  return new PontoonError(
    'NOT_OPEN',
    `the migration '${migration}' must have ${must} '${to}' before what follows, got ${found === undefined ? `no fence on '${from}'` : 'a cutover that has not ended'}; look at its status`,
  );
}
