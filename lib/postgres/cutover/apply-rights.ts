import { supports } from '../capabilities';
import { type QualifiedName, quoteIdentifier } from '../identifiers';
import { type Statement, sql } from '../statement';
import type { TableSelection } from '../table-selection';
import { namesOfKept } from './carried';

/** A table that a subscription could not write to. */
export interface UnwritableTable extends QualifiedName {
  /** What is in the way: the schema may not be entered, its owner not be become, or policies hold for the owner too. */
  readonly why: 'schema' | 'owner' | 'policies';
  /** The owner of the subscription; where policies are in the way, who would write to the table for it. */
  readonly role: string;
  /** The owner of the table, or of one that it is a partition of. */
  readonly owner: string;
  /** How many tables there are of the kind. */
  readonly tables: number;
}

const HERE =
  '(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())';

/**
 * The first table of `selection` that the native subscription `$1` follows and could not write to on a server of `major`; of
 * all tables, where it follows none yet, or is not there and the session would make it. Which table of a tree it writes by is up to the publication, so that the owners
 * of all must let it.
 */
export function unwritableTable(
  selection: TableSelection,
  subscription: string,
  major: number,
): Statement {
  const becomesOwner = supports(major, 'apply-as-table-owner');
  const looksAtRights = supports(major, 'apply-by-rights');
  const runsAsItself = becomesOwner ? 's.subrunasowner' : 'true';
  const noRights = `NOT (SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(a.oid, c.oid, p)) FROM pg_catalog.unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) p)`;
  const notOwner = becomesOwner
    ? `CASE WHEN a.itself THEN ${noRights} ELSE NOT pg_catalog.pg_has_role(a.oid, u.relowner, 'SET') END`
    : noRights;
  const secured = 'c.relrowsecurity AND NOT (w.rolsuper OR w.rolbypassrls)';
  return sql(
    `WITH ${namesOfKept(selection)}, followed AS MATERIALIZED (SELECT r.srrelid FROM pg_catalog.pg_subscription_rel r JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid WHERE s.subname = $1 AND s.subdbid = ${HERE}), kept AS (SELECT oid FROM names GROUP BY oid HAVING pg_catalog.bool_or(selected) AND (pg_catalog.bool_or(reloid IN (SELECT srrelid FROM followed)) OR NOT EXISTS (SELECT FROM followed))), applying AS MATERIALIZED (SELECT r.oid, r.rolname, coalesce(s.itself, ${!becomesOwner}) AS itself FROM pg_catalog.pg_roles r LEFT JOIN (SELECT s.subowner, ${runsAsItself} AS itself FROM pg_catalog.pg_subscription s WHERE s.subname = $1 AND s.subdbid = ${HERE}) s ON true WHERE r.oid = coalesce(s.subowner, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user))), found AS (
SELECT n.nspname AS schema, c.relname AS name, CASE WHEN NOT pg_catalog.has_schema_privilege(a.oid, un.oid, 'USAGE') THEN 'schema' WHEN ${looksAtRights} AND (${notOwner} OR ${secured} AND NOT pg_catalog.pg_has_role(w.oid, c.relowner, 'USAGE')) THEN 'owner' WHEN ${looksAtRights} AND ${secured} AND c.relforcerowsecurity THEN 'policies' END AS why, w.rolname AS writing, a.rolname AS applying, pg_catalog.pg_get_userbyid(u.relowner) AS owner
FROM kept k JOIN names t ON t.oid = k.oid JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class u ON u.oid = t.reloid JOIN pg_catalog.pg_namespace un ON un.oid = u.relnamespace CROSS JOIN applying a JOIN pg_catalog.pg_roles w ON w.oid = CASE WHEN a.itself THEN a.oid ELSE u.relowner END)
SELECT schema, name, why, CASE why WHEN 'policies' THEN writing ELSE applying END AS role, owner, (SELECT count(DISTINCT (o.schema, o.name)) FROM found o WHERE o.why IS NOT NULL)::int AS tables FROM found WHERE why IS NOT NULL ORDER BY 1, 2 LIMIT 1`,
    [subscription],
  );
}

/** What to do about `table`, in SQL. */
export function letApply({ why, role, owner, schema }: UnwritableTable): string {
  if (why === 'schema')
    return `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)}`;
  if (why === 'owner') return `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(role)}`;
  return `ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS`;
}
