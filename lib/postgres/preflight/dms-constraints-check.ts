import { quoteIdentifier, quoteQualified } from '../identifiers';
import { sql } from '../statement';
import { defineCheck, type Found } from './check';
import { dmsLinks, linkMatcher, selectedTablesSql, type TableRow } from './relations';

interface DmsConstraintRow extends TableRow {
  /** The constraint or the index. */
  readonly constraint: string;
  readonly kind: 'foreign-key' | 'constraint' | 'index';
  /** The constraint as SQL. */
  readonly definition: string;
}

/** Which constraints of the source DMS does not honour or may trip over on the target. */
export const dmsConstraints = defineCheck<DmsConstraintRow>({
  id: 'dms-constraints',
  title: 'constraints that DMS does not support',
  query: ({ topology, server }) => {
    const selected = selectedTablesSql(dmsLinks(topology, server));
    return sql(
      `${selected.with}
SELECT s.schema, s.name, s.ancestors, k.conname::text AS "constraint",
  CASE k.contype WHEN 'f' THEN 'foreign-key' ELSE 'constraint' END AS kind, pg_catalog.pg_get_constraintdef(k.oid) AS definition
FROM selected s JOIN pg_catalog.pg_constraint k ON k.conrelid = s.oid
WHERE k.condeferred AND k.conparentid = 0
UNION ALL
SELECT s.schema, s.name, s.ancestors, x.relname::text, 'index', pg_catalog.pg_get_indexdef(i.indexrelid)
FROM selected s JOIN pg_catalog.pg_index i ON i.indrelid = s.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indisunique AND i.indexprs IS NOT NULL AND NOT x.relispartition
ORDER BY 1, 2, 4`,
      selected.values,
    );
  },
  evaluate: (rows, { topology, server }) => {
    const match = linkMatcher(dmsLinks(topology, server));
    return rows.flatMap((row) =>
      match(row).flatMap(({ to }) => (row.kind === 'index' ? indexFound(row, to) : deferred(row))),
    );
  },
});

function deferred(row: DmsConstraintRow): Found[] {
  const table = quoteQualified(row);
  const constraint = quoteIdentifier(row.constraint);
  const immediate = row.definition.replace(/ DEFERRABLE INITIALLY DEFERRED$/, '');
  return [
    {
      severity: 'warning',
      object: `${table}.${constraint}`,
      message: `constraint ${constraint} of table ${table} is INITIALLY DEFERRED, which DMS does not support; make it immediate, unless no transaction breaks it for a while`,
      fix:
        row.kind === 'foreign-key'
          ? `ALTER TABLE ${table} ALTER CONSTRAINT ${constraint} DEFERRABLE INITIALLY IMMEDIATE;`
          : `ALTER TABLE ${table} DROP CONSTRAINT ${constraint}, ADD CONSTRAINT ${constraint} ${immediate};`,
    },
  ];
}

function indexFound(row: DmsConstraintRow, target: string): Found[] {
  const table = quoteQualified(row);
  const index = quoteIdentifier(row.constraint);
  return [
    {
      severity: 'warning',
      object: `${table}.${index}`,
      message: `unique index ${index} of table ${table} is on an expression, and DMS does not support all of them, coalesce for one; drop it on '${target}' until the cutover, and then create it`,
      fix: `DROP INDEX ${quoteQualified({ schema: row.schema, name: row.constraint })};\n${row.definition};`,
    },
  ];
}
