import { type QualifiedName, quoteIdentifier, quoteQualified } from '../../postgres';

/** What a statement of the workload does to one row. */
export type WriteKind = 'insert' | 'update' | 'delete';

/**
 * SQL that makes the table that {@link Applications} writes to. Rows are known by run, client and number, which no
 * constraint keeps apart: a write that was applied twice must show as two rows, and not as an error. The key comes from
 * a sequence, which a cutover must have set on the new side.
 */
export function workloadTableDdl(table: QualifiedName): string {
  const name = quoteQualified(table);
  const index = quoteIdentifier(`${table.name}_row`);
  return `CREATE TABLE ${name} (id bigserial PRIMARY KEY, run integer NOT NULL, client integer NOT NULL, number integer NOT NULL, version integer NOT NULL, changed_at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ${index} ON ${name} (run, client, number)`;
}

/** One statement on one row, prepared by name. */
export function writeStatement(
  table: QualifiedName,
  kind: WriteKind,
): { readonly name: string; readonly text: string } {
  const name = quoteQualified(table);
  const row = 'run = $1 AND client = $2 AND number = $3';
  switch (kind) {
    case 'insert':
      // The port tells which server it was, whatever led there.
      return {
        name: 'insert',
        text: `INSERT INTO ${name} (run, client, number, version) VALUES ($1, $2, $3, $4) RETURNING inet_server_port() AS port`,
      };
    case 'update':
      return {
        name: 'update',
        text: `UPDATE ${name} SET version = $4, changed_at = now() WHERE ${row}`,
      };
    case 'delete':
      return { name: 'delete', text: `DELETE FROM ${name} WHERE ${row}` };
  }
}

/** All rows of one run: client, number, version. */
export function rowsOfRun(table: QualifiedName): string {
  return `SELECT client, number, version FROM ${quoteQualified(table)} WHERE run = $1`;
}
