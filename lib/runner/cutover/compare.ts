import { PontoonError, quoteQualified } from '../../postgres';
import { verifyTables } from '../verify/verify';
import type { CutoverContext } from './context';
import { renamesOf } from './target-names';
import { connectionOf } from './verified';

/** Compares rows behind the fence, for as long as the plan allows. */
export async function compareFinally(context: CutoverContext): Promise<void> {
  const { from, to, selection, limits } = context.plan;
  if (limits.verificationMs === 0 || context.services.connections === undefined)
    return await context.note('nothing is compared behind the fence');
  const { tables } = await verifyTables({
    source: connectionOf(context, from),
    target: connectionOf(context, to),
    secrets: context.services.secrets,
    selection,
    ...renamesOf(context),
    // Nobody writes, and the new writer has everything: one look decides.
    settleMs: 0,
    budgetMs: Math.min(limits.verificationMs, context.remainingMs()),
  });
  const differing = tables.filter(({ status }) => status === 'differs');
  if (differing.length > 0) {
    const said = differing.map(({ table, reason = '' }) => `${quoteQualified(table)} (${reason})`);
    throw new PontoonError(
      'ROWS_DIFFER',
      `every compared table must be the same on '${from}' and '${to}', got ${said.join('; ')}; find out who wrote to '${to}'`,
    );
  }
  const same = tables.filter(({ status }) => status === 'same').length;
  context.compared = { tables: same, of: tables.length };
  await context.note(`${same} of ${tables.length} tables compared`);
}
