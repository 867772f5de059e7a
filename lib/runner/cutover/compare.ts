import { type ChangedTable, PontoonError, quoteQualified } from '../../postgres';
import { planAll } from '../verify/plan';
import { Obstacle, withReaders } from '../verify/reader';
import type { TableVerification } from '../verify/result';
import { compareAll } from '../verify/verify';
import type { CutoverContext } from './context';
import { renamesOf } from './target-names';
import { changedSince, connectionOf } from './verified';

/** Compares rows behind the fence, for as long as the plan allows. */
export async function compareFinally(context: CutoverContext): Promise<void> {
  const { from, to, limits } = context.plan;
  if (limits.verificationMs === 0 || context.services.connections === undefined) {
    refuseUncompared((await changedSince(context)).changed);
    return await context.note('nothing is compared behind the fence');
  }
  const { changed, tables, of } = await compareWithin(context);
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
  context.compared = { tables: same.length, of };
  await context.note(`${same.length} of ${of} tables compared`);
}

/** What has changed since the gates is looked for while sessions open and the comparison is planned. */
async function compareWithin(context: CutoverContext): Promise<Compared> {
  const { from, to, selection, limits } = context.plan;
  const started = performance.now();
  const budgetMs = Math.min(limits.verificationMs, context.remainingMs());
  const options = {
    source: connectionOf(context, from),
    target: connectionOf(context, to),
    secrets: context.services.secrets,
    selection,
    ...renamesOf(context),
    // Nobody writes, and the new writer has everything: one look decides.
    settleMs: 0,
    budgetMs,
  };
  const changes = changedSince(context);
  const comparing = withReaders(options, async (readers): Promise<Compared> => {
    const [{ changed }, planned] = await Promise.all([
      changes,
      planAll(options, readers, budgetMs),
    ]);
    const first = changed.map(({ table }) => table);
    const { tables } = await compareAll({ ...options, first }, planned, readers, started);
    return { changed, tables, of: tables.length };
  });
  await Promise.allSettled([changes, comparing]);
  return await comparing.catch(async (error: unknown) => {
    // So many tables that the time was over before the first of them.
    if (error instanceof Obstacle) return { ...(await changes), tables: [] };
    throw error;
  });
}

interface Compared {
  readonly changed: readonly ChangedTable[];
  readonly tables: readonly TableVerification[];
  /** How many tables could be compared. */
  readonly of: number;
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
