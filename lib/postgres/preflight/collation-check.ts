import { supports } from '../capabilities';
import { quoteIdentifier, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { serverOf, standbyLinkInto } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';

interface CollationRow {
  /** The schema of the collation; null for the database's default. */
  readonly schema: string | null;
  /** The collation, or the database. */
  readonly name: string;
  readonly provider: string;
  /** The version that indexes were built with. */
  readonly recorded: string | null;
  /** The version that the server's libraries have; null if they do not tell. */
  readonly actual: string | null;
}

/**
 * Whether texts are ordered as they were when the indexes were built, here and on the primary that a standby copies.
 * A standby's indexes are its primary's, byte for byte: with another library they are corrupt.
 */
export const collations = defineCheck<CollationRow>({
  id: 'collations',
  title: 'collation versions',
  query: collationQuery,
  evaluate: (rows, context) => {
    const link = standbyLinkInto(context.topology, context.server);
    if (link === undefined) return rows.flatMap((row) => driftFound(row, context));
    const peer = context.peers?.[link.from]?.collations as readonly CollationRow[] | undefined;
    if (peer !== undefined) return peerFound(rows, peer, link.from, context);
    return [
      {
        severity: 'unchecked',
        message: `the collation versions of '${context.server}' could not be compared with those of '${link.from}'; check '${link.from}' in the same run`,
      },
    ];
  },
});

function collationQuery({ topology, server }: PreflightContext): Statement {
  // Before 15 a database did not record the version of its default collation.
  const database = supports(serverOf(topology, server).majorVersion, 'database-collation-version')
    ? `SELECT NULL AS schema, d.datname::text AS name, d.datlocprovider::text AS provider, d.datcollversion AS recorded,
  pg_catalog.pg_database_collation_actual_version(d.oid) AS actual
FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`
    : `SELECT NULL AS schema, d.datname::text AS name, 'c' AS provider, NULL AS recorded,
  (SELECT max(pg_catalog.pg_collation_actual_version(c.oid)) FROM pg_catalog.pg_collation c
    WHERE c.collprovider = 'c' AND c.collcollate = d.datcollate) AS actual
FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`;
  return sql(
    `${database}
UNION ALL
SELECT n.nspname::text, c.collname::text, c.collprovider::text, c.collversion, pg_catalog.pg_collation_actual_version(c.oid)
FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.collname <> 'default' AND c.oid IN (
  SELECT a.attcollation FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
  WHERE r.relkind IN ('r', 'p', 'm', 'i') AND rn.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))
ORDER BY 1, 2`,
  );
}

function driftFound(row: CollationRow, { topology, server }: PreflightContext): Found[] {
  if (row.recorded === null || row.recorded === row.actual) return [];
  const object = objectOf(row);
  const refresh =
    row.schema === null
      ? `ALTER DATABASE ${quoteIdentifier(row.name)} REFRESH COLLATION VERSION;`
      : `ALTER COLLATION ${quoteQualified({ schema: row.schema, name: row.name })} REFRESH VERSION;`;
  return [
    {
      severity: 'error',
      object,
      message: `${object} has version ${row.actual ?? 'unknown'} on '${server}', and its indexes were built with ${row.recorded}, so that they may be out of order; rebuild them, then record the version`,
      fix: `REINDEX DATABASE ${quoteIdentifier(serverOf(topology, server).database)};\n${refresh}`,
    },
  ];
}

function peerFound(
  rows: readonly CollationRow[],
  peer: readonly CollationRow[],
  primary: string,
  { server }: PreflightContext,
): Found[] {
  const ofPeer = new Map(peer.map((row) => [objectOf(row), row.actual]));
  return rows.flatMap((row): Found[] => {
    const object = objectOf(row);
    const theirs = ofPeer.get(object) ?? null;
    if (theirs === row.actual) return [];
    return [
      {
        severity: 'error',
        object,
        message: `${object} must have the same version on '${server}' as on '${primary}', whose indexes it copies, got ${row.actual ?? 'none'} and ${theirs ?? 'none'}; install the operating system release of '${primary}', or rebuild the text indexes after a promotion`,
      },
    ];
  });
}

function objectOf({ schema, name }: CollationRow): string {
  return schema === null
    ? `the default collation of database ${quoteIdentifier(name)}`
    : `collation ${quoteQualified({ schema, name })}`;
}
