import { type FinalState, finalizedHere, LinkKind, PontoonError, slotState } from '../../postgres';
import { Ledger } from '../ledger';
import type { CutoverContext } from './context';
import { sqlOf, subscriptionOf } from './paths';

/** What a ledger remembers of how the migration was finalized, so that no deployment makes it again. */
export async function finalStateOf(
  context: CutoverContext,
  servers: readonly string[] = [context.plan.from, context.plan.to],
): Promise<FinalState | undefined> {
  const { migration } = context.plan;
  for (const server of servers) {
    if (!(await new Ledger(context.session(server), server).exists())) continue;
    const found = await context.runOne(server, finalizedHere(migration));
    if (found !== undefined)
      return { writer: typeof found.writer === 'string' ? found.writer : undefined };
  }
  return undefined;
}

/** Refuses a migration that was finalized: what gates would say of it is advice to shut out its writer. */
export async function requireUnfinished(context: CutoverContext): Promise<void> {
  const { migration } = context.plan;
  const end = await finalStateOf(context);
  if (end === undefined || (await isAnythingLeft(context))) return;
  const writer = end.writer === undefined ? '' : ` with '${end.writer}' as its writer`;
  throw new PontoonError(
    'FINALIZED',
    `the migration '${migration}' must not be finalized before a cutover, got one that has ended${writer}; deploy another migration, of another name`,
  );
}

/** Somebody may have deployed a migration of the same name again, with other names of what carries it. */
async function isAnythingLeft(context: CutoverContext): Promise<boolean> {
  const { forward, reverse } = context.plan;
  for (const path of [...forward, ...(reverse ?? [])]) {
    if ((await context.runOne(path.decoder, slotState(path.slotName))) !== undefined) return true;
    if (path.kind === LinkKind.DMS) continue;
    const subscription = sqlOf(context, path).state(subscriptionOf(path));
    if ((await context.runOne(context.receiver(path), subscription)) !== undefined) return true;
  }
  return false;
}
