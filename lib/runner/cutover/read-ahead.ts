import { PontoonError, schemaMark, type TableComparison, usesPglogical } from '../../postgres';
import { planAll } from '../verify/plan';
import { Obstacle, openReaders } from '../verify/reader';
import { lookAtCarried } from './carried';
import { comparisonOf } from './comparison';
import type { CutoverContext } from './context';
import { refuseOtherSchema } from './gate-schemas';
import { sequencesOf } from './target-names';

/**
 * Looks once more at both schemas and at what carries the tables, and reads what the steps behind the fence need, since
 * that takes a second where there are thousands of tables: behind the fence it is enough that no catalog was written to since.
 */
export async function readAhead(context: CutoverContext): Promise<void> {
  const marks = await schemaMarks(context);
  await refuseOtherSchema(context);
  await refuseUncarried(context);
  context.ahead = {
    marks,
    sequences: await sequencesOf(context),
    comparisons: await planComparisons(context),
  };
}

/** Fails unless both schemas are still the same, and every table is still carried. */
export async function refuseChanges(context: CutoverContext): Promise<void> {
  const same = context.ahead?.marks === (await schemaMarks(context));
  if (!same) {
    context.ahead = undefined;
    await refuseOtherSchema(context);
  }
  // What pglogical carries is said by tables of its own.
  if (!same || usesPglogical(context.plan)) await refuseUncarried(context);
}

async function refuseUncarried(context: CutoverContext): Promise<void> {
  const reason = await lookAtCarried(context);
  if (reason === undefined) return;
  throw new PontoonError(
    'TABLES_NOT_CARRIED',
    `every selected table must be replicated while writers are switched, got: ${reason}; publish and follow it, then compare the rows`,
  );
}

/** Sessions take longer to open than a little takes to be compared. */
async function planComparisons(
  context: CutoverContext,
): Promise<readonly TableComparison[] | undefined> {
  const { plan, services } = context;
  if (plan.limits.verificationMs === 0 || services.connections === undefined) return undefined;
  const options = comparisonOf(context);
  context.readers = await openReaders(options);
  return await planAll(options, context.readers, plan.limits.budgetMs).catch((error: unknown) => {
    if (error instanceof Obstacle) return undefined;
    throw error;
  });
}

async function schemaMarks(context: CutoverContext): Promise<string> {
  const { from, to } = context.plan;
  const rows = await Promise.all([from, to].map((server) => context.runOne(server, schemaMark())));
  return JSON.stringify(rows.map((row) => row?.mark));
}
