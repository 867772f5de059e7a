/** A type of object as pg_dump names it, and a query for its statements, with the schemas as $1. */
export type Definition = readonly [type: string, query: string];

/** Joins the schema of an object, `n`, if it is one of $1; `column` holds the schema. */
export function inSchemas(column: string): string {
  return `JOIN pg_catalog.pg_namespace n ON n.oid = ${column} AND n.nspname = ANY ($1)`;
}

/** A condition that holds for an object that no extension made; its `oid` is one of `catalog`. */
export function notOfExtension(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
}
