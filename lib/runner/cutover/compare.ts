import { PontoonError } from '../../postgres';
import type { CutoverContext } from './context';

/** Compares rows behind the fence, for as long as the plan allows. */
export async function compareFinally(context: CutoverContext): Promise<void> {
  const { compare } = context.services;
  const { from, to, selection, limits } = context.plan;
  if (compare === undefined || limits.verificationMs === 0)
    return await context.note('nothing is compared behind the fence');
  const budgetMs = Math.min(limits.verificationMs, context.remainingMs());
  const { same, left, differences } = await compare({
    source: from,
    target: to,
    selection,
    budgetMs,
  });
  if (differences.length > 0) {
    throw new PontoonError(
      'ROWS_DIFFER',
      `every compared table must be the same on '${from}' and '${to}', got ${differences.join('; ')}; find out who wrote to '${to}'`,
    );
  }
  await context.note(`${same} tables compared, ${left} left`);
}
