import { quoteIdentifier, quoteQualified } from '../identifiers';
import { sql } from '../statement';
import { defineCheck, type Found } from './check';
import { DMS_LOB_TYPES, DMS_TYPES, isKnownType, isLobType } from './dms-types';
import { primaryKeyFix } from './identity-check';
import {
  CANDIDATE_SQL,
  type CandidateKey,
  dmsLinks,
  linkMatcher,
  selectedTablesSql,
  type TableRow,
} from './relations';

interface DmsColumnRow extends TableRow, CandidateKey {
  readonly column: string;
  /** pg_type.typname, or array, composite, enum, range. */
  readonly type: string;
  readonly unconstrained: boolean;
  readonly inPrimaryKey: boolean;
  readonly hasPrimaryKey: boolean;
}

/** Which columns DMS loses, cuts, rounds, or is not known to carry. */
export const dmsColumns = defineCheck<DmsColumnRow>({
  id: 'dms-columns',
  title: 'columns that DMS cannot carry faithfully',
  query: (context) => {
    const selected = selectedTablesSql(dmsLinks(context.topology, context.server));
    return sql(
      `${selected.with}, columns AS (
  SELECT s.*, a.attname::text AS "column", a.attnum, a.atttypmod,
    CASE WHEN t.typcategory = 'A' THEN 'array' WHEN t.typtype = 'c' THEN 'composite' WHEN t.typtype = 'e' THEN 'enum'
      WHEN t.typtype = 'r' THEN 'range' ELSE t.typname::text END AS type
  FROM selected s JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
  JOIN pg_catalog.pg_type t ON t.oid = CASE d.typtype WHEN 'd' THEN d.typbasetype ELSE d.oid END
  WHERE s.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
), keyed AS (
  SELECT c.oid, c.schema, c.name, c.ancestors, c."column", c.attnum, c.type, c.type = 'numeric' AND c.atttypmod = -1 AS unconstrained,
    coalesce(c.attnum = ANY(p.indkey), false) AS "inPrimaryKey", p.indexrelid IS NOT NULL AS "hasPrimaryKey"
  FROM columns c LEFT JOIN pg_catalog.pg_index p ON p.indrelid = c.oid AND p.indisprimary
)
SELECT t.schema, t.name, t.ancestors, t."column", t.type, t.unconstrained, t."inPrimaryKey", t."hasPrimaryKey", u.candidate, u."candidateColumns"
FROM keyed t ${CANDIDATE_SQL}
WHERE t.unconstrained OR (t."inPrimaryKey" OR NOT t."hasPrimaryKey") AND t.type = ANY($5::text[]) OR t.type <> ALL($4::text[])
ORDER BY t.schema, t.name, t.attnum`,
      [...selected.values, DMS_TYPES, DMS_LOB_TYPES],
    );
  },
  evaluate: (rows, context) => {
    const match = linkMatcher(dmsLinks(context.topology, context.server));
    const own = rows.filter((row) => match(row).length > 0);
    return [...keylessFound(own), ...own.flatMap(dmsColumnFound)];
  },
});

/** One finding for each table, since one primary key mends all its columns. */
function keylessFound(rows: readonly DmsColumnRow[]): Found[] {
  const byTable = new Map<string, DmsColumnRow[]>();
  for (const row of rows) {
    if (row.hasPrimaryKey || !isLobType(row.type)) continue;
    const table = quoteQualified(row);
    byTable.set(table, [...(byTable.get(table) ?? []), row]);
  }
  return [...byTable].flatMap(([table, columns]): Found[] => {
    const [row] = columns;
    if (row === undefined) return [];
    const fix = primaryKeyFix(row);
    const list = columns.map(({ column, type }) => `${quoteIdentifier(column)} (${type})`);
    return [
      {
        severity: 'error',
        object: table,
        message: `table ${table} must have a primary key for DMS, to which ${list.join(', ')} are large objects, fetched by the key; add a primary key`,
        ...(fix === undefined ? {} : { fix }),
      },
    ];
  });
}

function dmsColumnFound(row: DmsColumnRow): Found[] {
  const table = quoteQualified(row);
  const column = quoteIdentifier(row.column);
  const object = `${table}.${column}`;
  if (!isKnownType(row.type)) {
    return [
      {
        severity: 'unchecked',
        object,
        message: `column ${object} has type ${quoteIdentifier(row.type)}, which is not known to work with DMS; try it, and accept this finding or list the other columns in 'columns'`,
      },
    ];
  }
  if (isLobType(row.type) && row.inPrimaryKey) {
    return [
      {
        severity: 'error',
        object,
        message: `column ${object} of type ${row.type} cannot be in the primary key for DMS, to which it is a large object; give it a length`,
        ...(row.type === 'text'
          ? { fix: `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE character varying(255);` }
          : {}),
      },
    ];
  }
  if (!row.unconstrained) return [];
  return [
    {
      severity: 'warning',
      object,
      message: `column ${object} is numeric without a precision, so DMS rounds it to numeric(28,6); give it a precision, or the endpoint 'MapUnboundedNumericAsString'`,
      fix: `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE numeric(38,10);`,
    },
  ];
}
