import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { sql } from '../statement';
import { defineCheck, type Found } from './check';
import { decodedLinks, linkMatcher, selectedTablesSql, type TableRow } from './relations';

interface PreparedRow {
  readonly gid: string;
  readonly owner: string;
  readonly database: string;
  readonly since: string;
}

/** Whether a prepared transaction holds back the creation of slots, and the removal of old rows. */
export const preparedTransactions = defineCheck<PreparedRow>({
  id: 'prepared-transactions',
  title: 'prepared transactions',
  query: () =>
    sql(
      `SELECT gid, owner::text, database::text, pg_catalog.to_char(prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
FROM pg_catalog.pg_prepared_xacts ORDER BY prepared`,
    ),
  evaluate: (rows) =>
    rows.map(({ gid, owner, database, since }) => ({
      severity: 'error',
      object: quoteLiteral(gid).trim(),
      message: `transaction ${quoteLiteral(gid).trim()} is prepared in database ${quoteIdentifier(database)} by ${quoteIdentifier(owner)} since ${since}, and a slot cannot be created before it ends; commit it or roll it back there`,
      fix: `COMMIT PREPARED ${quoteLiteral(gid)};`,
    })),
});

interface TransactionRow {
  readonly pid: number;
  readonly role: string | null;
  readonly application: string;
  readonly seconds: number | null;
  readonly hidden: boolean;
  readonly ownRole: string;
}

const LONG_TRANSACTION_SECONDS = 600;

/** Whether a transaction has run for so long that slots wait for it. */
export const longTransactions = defineCheck<TransactionRow>({
  id: 'long-transactions',
  title: 'long transactions',
  query: ({ longTransactionSeconds = LONG_TRANSACTION_SECONDS }) =>
    sql(
      `SELECT pid, usename::text AS role, application_name AS application, hidden,
  EXTRACT(epoch FROM pg_catalog.clock_timestamp() - xact_start)::int AS seconds, CURRENT_USER::text AS "ownRole"
FROM (SELECT *, query = '<insufficient privilege>' AND state IS NULL AND datid IS NOT NULL AS hidden FROM pg_catalog.pg_stat_activity
  WHERE pid <> pg_catalog.pg_backend_pid() AND backend_type IS DISTINCT FROM 'walsender'
    AND (usename IS NOT NULL OR backend_type = 'client backend')) a
WHERE hidden OR xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1) ORDER BY xact_start`,
      [longTransactionSeconds],
    ),
  evaluate: (rows, { server, longTransactionSeconds = LONG_TRANSACTION_SECONDS }) => {
    const hidden = rows.filter((row) => row.hidden);
    const found = rows
      .filter((row) => !row.hidden)
      .map(
        ({ pid, role, application, seconds }): Found => ({
          severity: 'warning',
          object: `pid ${pid}`,
          message: `session ${pid} of ${quoteIdentifier(role ?? 'unknown')} (${JSON.stringify(application)}) is in a transaction for ${seconds} s on '${server}', more than ${longTransactionSeconds} s, and a slot cannot be created before it ends; wait for it or end it`,
          fix: `SELECT pg_catalog.pg_terminate_backend(${pid});`,
        }),
      );
    const [first] = hidden;
    if (first === undefined) return found;
    const role = quoteIdentifier(first.ownRole);
    return [
      ...found,
      {
        severity: 'unchecked',
        object: role,
        message: `role ${role} cannot see the transactions of ${hidden.length} sessions on '${server}'; let a superuser grant it pg_read_all_stats`,
        fix: `GRANT pg_read_all_stats TO ${role};`,
      },
    ];
  },
});

interface LargeObjectRow {
  readonly count: number;
  /** The columns of type oid or lo of the tables that may be selected. */
  readonly columns: readonly (TableRow & { readonly column: string })[];
}

/** Whether there are large objects, which neither publications nor DMS carry. */
export const largeObjects = defineCheck<LargeObjectRow>({
  id: 'large-objects',
  title: 'large objects',
  query: ({ topology, server }) => {
    const selected = selectedTablesSql(decodedLinks(topology, server));
    return sql(
      `${selected.with}
SELECT (SELECT count(*)::int FROM pg_catalog.pg_largeobject_metadata) AS count,
  coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', s.schema, 'name', s.name, 'ancestors', s.ancestors, 'column', a.attname)
    ORDER BY s.schema, s.name, a.attnum), '[]') AS columns
FROM selected s JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT s.relispartition
  AND (t.oid = 'pg_catalog.oid'::pg_catalog.regtype OR t.typname = 'lo' AND t.typbasetype = 'pg_catalog.oid'::pg_catalog.regtype)`,
      selected.values,
    );
  },
  evaluate: ([row], { topology, server }) => {
    if (row === undefined || row.count === 0) return [];
    const match = linkMatcher(decodedLinks(topology, server));
    const columns = row.columns.filter((column) => match(column).length > 0);
    if (columns.length === 0) {
      return [
        {
          severity: 'warning',
          message: `'${server}' has ${row.count} large objects, which are not replicated, and no selected table has a column of type oid or lo; remove them if nothing needs them`,
          fix: 'SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;',
        },
      ];
    }
    return columns.map(({ schema, name, column }) => {
      const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
      const quoted = quoteIdentifier(column);
      return {
        severity: 'error',
        object: `${table}.${quoted}`,
        message: `column ${table}.${quoted} may refer to the ${row.count} large objects of '${server}', which are not replicated; move their contents into a bytea column`,
        fix: [
          'BEGIN;',
          `CREATE TEMPORARY TABLE pontoon_moved ON COMMIT DROP AS SELECT DISTINCT ${quoted} AS id FROM ${table} WHERE ${quoted} IN (SELECT oid FROM pg_catalog.pg_largeobject_metadata);`,
          `ALTER TABLE ${table} ALTER COLUMN ${quoted} TYPE bytea USING pg_catalog.lo_get(${quoted});`,
          'SELECT pg_catalog.lo_unlink(id) FROM pontoon_moved;',
          'COMMIT;',
        ].join('\n'),
      };
    });
  },
});

interface SequenceRow {
  readonly schema: string;
  readonly sequences: number;
}

/** Whether sequences must be set at the cutover, since no link carries their positions. */
export const sequences = defineCheck<SequenceRow>({
  id: 'sequences',
  title: 'sequences',
  query: ({ topology, server }) =>
    sql(
      `SELECT n.nspname::text AS schema, count(*)::int AS sequences
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname = ANY($1::pg_catalog.name[]) GROUP BY n.nspname ORDER BY n.nspname`,
      [
        decodedLinks(topology, server).flatMap(({ selection }) => [
          ...(selection?.schemas ?? []),
          ...(selection?.tables ?? []).map(({ schema }) => schema),
        ]),
      ],
    ),
  evaluate: (rows, { topology, server }) => {
    if (rows.length === 0) return [];
    const count = rows.reduce((sum, row) => sum + row.sequences, 0);
    const schemas = rows.map(({ schema }) => quoteLiteral(schema)).join(', ');
    const targets = decodedLinks(topology, server).map(({ to }) => `'${to}'`);
    return [
      {
        severity: 'warning',
        message: `${count} sequences of '${server}' are not replicated, so ${[...new Set(targets)].join(' and ')} would hand out numbers that are taken; set them at the cutover, after the last write, with what this query prints`,
        fix: `SELECT pg_catalog.format('SELECT pg_catalog.setval(%L, %s, %s);', pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(sequencename), coalesce(last_value, start_value), (last_value IS NOT NULL)::text) FROM pg_catalog.pg_sequences WHERE schemaname IN (${schemas});`,
      },
    ];
  },
});
