import {
  CANARY_TABLE,
  countExceptions,
  exceptionTables,
  partitionsOf,
  type QualifiedName,
  quoteQualified,
  selectedTables,
} from '../../postgres';
import type { CutoverContext } from './context';
import { taskOf } from './paths';
import type { TaskTable } from './services';

/** What AWS DMS calls the state of a table whose changes it applies. */
const APPLIES = 'Table completed';

/** What keeps a DMS task from having applied everything, although it runs. */
export async function lookAtTask(context: CutoverContext): Promise<string | undefined> {
  const tables = await taskOf(context).tables();
  const states = new Map(tables.map((table) => [quoteQualified(table), table.state]));
  const selected = await context.run(context.plan.from, selectedTables(context.plan.selection));
  for (const row of [...selected, CANARY_TABLE]) {
    const table = row as unknown as QualifiedName;
    // Of a partitioned table the task may list the partitions instead.
    const spread =
      !states.has(quoteQualified(table)) && 'partitioned' in row && row.partitioned === true;
    const kept = spread ? await context.run(context.plan.from, partitionsOf(table)) : [table];
    for (const one of kept) {
      const name = quoteQualified(one as unknown as QualifiedName);
      const state = states.get(name);
      if (state === undefined) return `no table ${name} in the task`;
      if (state !== APPLIES) return `table ${name} in the state '${state}'`;
    }
  }
  return suspended(tables) ?? (await exceptions(context));
}

function suspended(tables: readonly TaskTable[]): string | undefined {
  const found = tables.find(({ state }) => state !== APPLIES);
  return found === undefined
    ? undefined
    : `table ${quoteQualified(found)} in the state '${found.state}'`;
}

/** Changes that were left out while their table went on. */
async function exceptions(context: CutoverContext): Promise<string | undefined> {
  const { to } = context.plan;
  for (const row of await context.run(to, exceptionTables())) {
    const table = row as unknown as QualifiedName;
    const exact =
      row.readable === true ? await context.runOne(to, countExceptions(table)) : undefined;
    const rows = Number(exact === undefined ? row.rowsAbout : exact.rows);
    if (rows > 0)
      return `${rows} changes that were not applied in ${quoteQualified(table)} on '${to}', which is emptied when they are mended`;
  }
  return undefined;
}
