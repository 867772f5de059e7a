import { quoteIdentifier, quoteQualified } from '../identifiers';
import { sql } from '../statement';
import { LinkKind } from '../topology';
import { defineCheck, type Found } from './check';
import {
  CANDIDATE_SQL,
  type CandidateKey,
  decodedLinks,
  linkMatcher,
  selectedTablesSql,
  type TableRow,
} from './relations';

interface IdentityRow extends TableRow, CandidateKey {
  /** REPLICA IDENTITY: d(efault), n(othing), f(ull), i(ndex). */
  readonly identity: string;
  readonly primaryKey: boolean;
  /** Whether the primary key can identify rows, which a deferrable one cannot. */
  readonly immediateKey: boolean;
  readonly identityIndex: boolean;
}

/** Whether the rows of every selected table can be told apart in the stream of changes. */
export const replicaIdentity = defineCheck<IdentityRow>({
  id: 'replica-identity',
  title: 'primary keys and replica identities',
  query: ({ topology, server }) => {
    const selected = selectedTablesSql(decodedLinks(topology, server));
    return sql(
      `${selected.with}, judged AS (
  SELECT s.oid, s.schema, s.name, s.ancestors, s.relreplident::text AS identity,
    coalesce(pg_catalog.bool_or(i.indisprimary), false) AS "primaryKey",
    coalesce(pg_catalog.bool_or(i.indisprimary AND i.indimmediate), false) AS "immediateKey",
    coalesce(pg_catalog.bool_or(i.indisreplident AND i.indisvalid), false) AS "identityIndex"
  FROM selected s LEFT JOIN pg_catalog.pg_index i ON i.indrelid = s.oid
  WHERE s.relkind = 'r'
  GROUP BY s.oid, s.schema, s.name, s.ancestors, s.relreplident
)
SELECT t.schema, t.name, t.ancestors, t.identity, t."primaryKey", t."immediateKey", t."identityIndex", u.candidate, u."candidateColumns"
FROM judged t ${CANDIDATE_SQL}
WHERE NOT (t."immediateKey" AND t.identity = 'd') ORDER BY t.schema, t.name`,
      selected.values,
    );
  },
  evaluate: (rows, { topology, server }) => {
    const match = linkMatcher(decodedLinks(topology, server));
    return rows.flatMap((row) => {
      const kinds = new Set(match(row).map(({ kind }) => kind));
      return [
        ...(kinds.has(LinkKind.NATIVE) ? nativeFound(row, server) : []),
        ...(kinds.has(LinkKind.PGLOGICAL) ? pglogicalFound(row) : []),
        ...(kinds.has(LinkKind.DMS) ? dmsFound(row) : []),
      ];
    });
  },
});

function nativeFound(row: IdentityRow, server: string): Found[] {
  const identified =
    row.identity === 'f' ||
    (row.identity === 'd' && row.immediateKey) ||
    (row.identity === 'i' && row.identityIndex);
  if (identified) return [];
  const object = quoteQualified(row);
  return [
    {
      severity: 'error',
      object,
      message: `table ${object} has no replica identity, so its UPDATEs and DELETEs would fail on '${server}' once it is published; add a primary key or set REPLICA IDENTITY`,
      fix: `ALTER TABLE ${object} REPLICA IDENTITY ${bestIdentity(row)};`,
    },
  ];
}

/** It finds rows by an index, and by nothing else. */
function pglogicalFound(row: IdentityRow): Found[] {
  if (row.identity === 'i' && row.identityIndex) return [];
  const object = quoteQualified(row);
  const best = bestIdentity(row);
  return [
    {
      severity: 'error',
      object,
      message: `table ${object} has no key by which pglogical finds rows (REPLICA IDENTITY FULL is none), so that it is refused; add a primary key, or list it in 'insertOnly' of the replication set and accept this finding if its rows are never changed or deleted`,
      ...(best === 'FULL' ? {} : { fix: `ALTER TABLE ${object} REPLICA IDENTITY ${best};` }),
    },
  ];
}

function bestIdentity({ immediateKey, candidate }: IdentityRow): string {
  if (immediateKey) return 'DEFAULT';
  return candidate === null ? 'FULL' : `USING INDEX ${quoteIdentifier(candidate)}`;
}

function dmsFound(row: IdentityRow): Found[] {
  const object = quoteQualified(row);
  if (!row.primaryKey) {
    const fix = primaryKeyFix(row);
    return [
      {
        severity: 'warning',
        object,
        message: `table ${object} has no primary key, so DMS ignores its UPDATEs and DELETEs; add a primary key, unless rows are only inserted`,
        ...(fix === undefined ? {} : { fix }),
      },
    ];
  }
  if (row.identity !== 'n' && (row.identity !== 'i' || row.identityIndex)) return [];
  return [
    {
      severity: 'error',
      object,
      message: `table ${object} has a replica identity that names no rows, so DMS ignores its DELETEs; set REPLICA IDENTITY`,
      fix: `ALTER TABLE ${object} REPLICA IDENTITY DEFAULT;`,
    },
  ];
}

/** SQL that gives the table a primary key; undefined for a partition, which must take its columns from its root. */
export function primaryKeyFix(row: TableRow & CandidateKey): string | undefined {
  const table = quoteQualified(row);
  if (row.candidateColumns !== null)
    return `ALTER TABLE ${table} ADD PRIMARY KEY (${row.candidateColumns.map(quoteIdentifier).join(', ')});`;
  if (row.ancestors.length > 0) return undefined;
  // BY DEFAULT, since DMS writes the value itself on the target.
  return `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS pontoon_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;`;
}
