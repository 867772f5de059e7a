import type { HbaRule } from '../access';
import { renderHba } from '../access';
import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { defineCheck, type Found } from './check';

interface HbaRow {
  readonly line: number;
  readonly type: string | null;
  readonly databases: readonly string[] | null;
  readonly users: readonly string[] | null;
  readonly method: string | null;
  readonly error: string | null;
  /** The position, from 1, of each wanted address that the line covers whole. */
  readonly covers: readonly number[];
  /** The position of each wanted address that is at least partly the line's. */
  readonly touches: readonly number[];
}

/** Whether pg_hba.conf can be read, and admits with TLS and SCRAM whoever must come in. */
export const access = defineCheck<HbaRow>({
  id: 'access',
  title: 'pg_hba.conf',
  permit: (role) =>
    `GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO ${quoteIdentifier(role)};`,
  query: ({ access: wanted = [] }) =>
    sql(
      `WITH wanted AS (SELECT index::int, address::pg_catalog.inet FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS w(address, index)
), lines AS (
  SELECT ordinality, line_number AS line, type, database AS databases, user_name AS users, auth_method AS method, error, address AS text,
    CASE WHEN address ~ '^[0-9a-fA-F:.]+$' THEN address::pg_catalog.inet END AS address,
    CASE WHEN address ~ '^[0-9a-fA-F:.]+$' THEN netmask::pg_catalog.inet END AS netmask
  FROM pg_catalog.pg_hba_file_rules() WITH ORDINALITY
)
SELECT l.line, l.type, l.databases, l.users, l.method, l.error,
  ARRAY(SELECT w.index FROM wanted w WHERE l.text = 'all' OR CASE WHEN pg_catalog.family(w.address) = pg_catalog.family(l.address)
    THEN pg_catalog.host(w.address & l.netmask) = pg_catalog.host(l.address & l.netmask)
      AND pg_catalog.host(pg_catalog.broadcast(w.address) & l.netmask) = pg_catalog.host(l.address & l.netmask) END ORDER BY 1) AS covers,
  ARRAY(SELECT w.index FROM wanted w WHERE l.text = 'all' OR l.text IN ('samehost', 'samenet') OR l.text !~ '^[0-9a-fA-F:.]+$'
    OR CASE WHEN pg_catalog.family(w.address) = pg_catalog.family(l.address)
      THEN pg_catalog.host(w.address & l.netmask & pg_catalog.netmask(w.address)) = pg_catalog.host(l.address & l.netmask & pg_catalog.netmask(w.address)) END ORDER BY 1) AS touches
FROM lines l ORDER BY l.ordinality`,
      [wanted.map(({ address }) => address)],
    ),
  evaluate: (rows, { access: wanted = [], server }) => [
    ...rows.filter(({ error }) => error !== null).map((row) => errorFound(row, server)),
    ...wanted.flatMap((rule, index) => ruleFound(rule, index + 1, rows, server)),
  ],
});

function errorFound({ line, error }: HbaRow, server: string): Found {
  return {
    severity: 'error',
    object: `line ${line}`,
    message: `line ${line} of pg_hba.conf on '${server}' cannot be read: ${error}; correct it, or no change of the file takes effect`,
  };
}

function ruleFound(rule: HbaRule, index: number, rows: readonly HbaRow[], server: string): Found[] {
  const line = renderHba([rule]).trim();
  const who = `${quoteIdentifier(rule.user)} from ${rule.address}`;
  const what = rule.physical
    ? 'for physical replication'
    : `to database ${quoteIdentifier(rule.database)}`;
  const fix = `${line}\n# then: SELECT pg_catalog.pg_reload_conf();`;
  // The first line that matches decides, as in the server.
  const first = rows.find((row) => row.touches.includes(index) && concerns(row, rule));
  if (first === undefined) {
    return [
      {
        severity: 'error',
        object: who,
        message: `pg_hba.conf of '${server}' must admit ${who} ${what}, got no line for it; add one`,
        fix,
      },
    ];
  }
  if (!first.covers.includes(index)) {
    return [
      {
        severity: 'unchecked',
        object: who,
        message: `line ${first.line} of pg_hba.conf on '${server}' may concern only a part of ${who} ${what}; put a line of its own before it`,
        fix,
      },
    ];
  }
  if (first.method === 'scram-sha-256') return [];
  return [
    {
      severity: 'error',
      object: who,
      message: `line ${first.line} of pg_hba.conf on '${server}' must admit ${who} ${what} by scram-sha-256, got ${first.method}; put a line before it`,
      fix,
    },
  ];
}

function concerns({ type, databases, users }: HbaRow, rule: HbaRule): boolean {
  if (type !== 'host' && type !== 'hostssl') return false;
  const wanted = rule.physical ? ['replication'] : [rule.database, 'all'];
  // `sameuser` and `+group` may match; whoever writes them gets the stricter reading.
  const forDatabase = (databases ?? []).some((name) => wanted.includes(name));
  return forDatabase && (users ?? []).some((name) => name === rule.user || name === 'all');
}
