import type { ClientBase } from 'pg';
import { quoteQualified } from '../../postgres';
import type { SourceTable, TablePlan } from './table-plan';

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name,
    coalesce((SELECT json_agg(json_build_object(
        'name', a.attname,
        -- Without a modifier "character" would mean character(1).
        'type', CASE a.atttypid WHEN 'bpchar'::regtype THEN 'bpchar' WHEN 'bit'::regtype THEN 'varbit'
                ELSE pg_catalog.format_type(a.atttypid, NULL) END,
        'unconstrainedNumeric', a.atttypid = 'numeric'::regtype AND a.atttypmod = -1,
        'unboundedVarchar', a.atttypid = 'varchar'::regtype AND a.atttypmod = -1) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
    coalesce((SELECT json_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum))
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS "primaryKey"
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  ORDER BY 1, 2`;

/** All permanent tables of the source's database. One query, however many there are. */
export async function readSourceTables(source: ClientBase): Promise<readonly SourceTable[]> {
  return (await source.query<SourceTable>(TABLES)).rows;
}

const TARGET_COLUMNS = `
  SELECT n.nspname AS schema, c.relname AS name,
    coalesce(json_agg(a.attname) FILTER (WHERE a.attgenerated = ''), '[]') AS columns,
    coalesce(json_agg(a.attname) FILTER (WHERE a.attgenerated <> ''), '[]') AS generated
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  GROUP BY 1, 2`;

interface TargetTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly generated: readonly string[];
}

/** Plans without the columns that the target generates, and what the target lacks. */
export async function fitToTarget(
  target: ClientBase,
  plans: readonly TablePlan[],
): Promise<{ plans: readonly TablePlan[]; missing: readonly string[] }> {
  const { rows } = await target.query<TargetTable>(TARGET_COLUMNS);
  const found = new Map(rows.map((table) => [quoteQualified(table), table]));
  const missing: string[] = [];
  const fitted = plans.map((plan) => {
    const name = quoteQualified(plan.target);
    const table = found.get(name);
    if (table === undefined) {
      missing.push(
        `table ${name} does not exist on the target and the DMS stand-in does not reproduce its creation; copy the schema first`,
      );
      return plan;
    }
    const columns = plan.columns.filter((column) => !table.generated.includes(column.target));
    const lacking = columns.filter((column) => !table.columns.includes(column.target));
    if (lacking.length > 0) {
      const names = lacking.map((column) => JSON.stringify(column.target)).join(', ');
      missing.push(`table ${name} lacks the columns ${names} on the target; copy the schema again`);
    }
    return { ...plan, columns };
  });
  return { plans: fitted, missing };
}
