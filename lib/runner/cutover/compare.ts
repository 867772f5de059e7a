import { type ChangedTable, PontoonError, quoteQualified } from '../../postgres';
import { verifyTables } from '../verify/verify';
import type { CutoverContext } from './context';
import { renamesOf } from './target-names';
import { changedSince, connectionOf } from './verified';

/** Compares rows behind the fence, for as long as the plan allows. */
export async function compareFinally(context: CutoverContext): Promise<void> {
  const { from, to, selection, limits } = context.plan;
  const changed = await changedSince(context);
  if (limits.verificationMs === 0 || context.services.connections === undefined) {
    refuseUncompared(changed);
    return await context.note('nothing is compared behind the fence');
  }
  const { tables } = await verifyTables({
    source: connectionOf(context, from),
    target: connectionOf(context, to),
    secrets: context.services.secrets,
    selection,
    ...renamesOf(context),
    first: changed.map(({ table }) => table),
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
  const same = tables.filter(({ status }) => status === 'same');
  const compared = new Set(same.map(({ table }) => quoteQualified(table)));
  refuseUncompared(changed.filter(({ table }) => !compared.has(quoteQualified(table))));
  context.compared = { tables: same.length, of: tables.length };
  await context.note(`${same.length} of ${tables.length} tables compared`);
}

/** The gates let nothing by that had changed, but applications went on until the fence. */
function refuseUncompared(changed: readonly ChangedTable[]): void {
  if (changed.length === 0) return;
  const said = changed.map(({ table, change }) => `${quoteQualified(table)} ${change}`);
  throw new PontoonError(
    'ROWS_UNVERIFIED',
    `every selected table must be as it was when it was compared, got ${said.join('; ')}; compare the rows again, or give the final comparison more time in 'verificationMs'`,
  );
}
