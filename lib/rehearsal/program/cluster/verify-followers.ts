import { compare } from '../../checks/compare';
import type { CommonContext } from '../../context';
import type { Cluster } from './cluster';

/** Where all tables are. */
export const SCHEMA = 'shop';

/** Compares every row that the other servers have with those of `writer`. */
export async function verifyFollowers(
  context: CommonContext,
  cluster: Cluster,
  writer: string,
): Promise<void> {
  const { findings } = context;
  for (const name of cluster.othersOf(writer)) {
    const tables = await compare({
      source: cluster.server(writer),
      target: cluster.server(name),
      sourceDatabase: cluster.database,
      targetDatabase: cluster.database,
      selection: { schemas: [SCHEMA] },
    });
    for (const table of tables) {
      findings.verification.push({ ...table, table: `${table.table} on ${name}` });
      const { status, reason = 'no reason was given' } = table;
      if (status === 'differs')
        findings.problems.push(`${table.table} differs on '${name}': ${reason}`);
      if (status === 'unchecked')
        findings.unchecked.push(`${table.table} could not be compared on '${name}': ${reason}`);
    }
  }
}
