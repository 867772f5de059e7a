import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';
import { type Step, step } from './object';

/** Makes a schema, where it is missing, for tables that a role makes itself. */
export function createIn(roleName: string, schemaName: string): Step[] {
  const name = quoteIdentifier(roleName);
  const schema = quoteIdentifier(schemaName);
  return [
    step(`create schema ${schema}`, sql(`CREATE SCHEMA IF NOT EXISTS ${schema}`)),
    step(
      `let ${name} make tables in schema ${schema}`,
      sql(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${name}`),
    ),
  ];
}

/**
 * Drops the tables that a role made in a schema, takes away the right to make more, and drops the schema unless others
 * have something in it. Whoever owns the schema may do so, whoever owns the tables.
 *
 * @see https://www.postgresql.org/docs/current/sql-droptable.html
 */
export function dropCreatedIn(roleName: string, schemaName: string): Statement {
  const [role, schema] = [quoteLiteral(roleName), quoteLiteral(schemaName)];
  const drop = `DROP SCHEMA ${quoteIdentifier(schemaName)}`;
  const revoke = `REVOKE ALL ON SCHEMA ${quoteIdentifier(schemaName)} FROM ${quoteIdentifier(roleName)}`;
  const body = `DECLARE made text; BEGIN
FOR made IN SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${schema} AND c.relkind = 'r' AND pg_catalog.pg_get_userbyid(c.relowner) = ${role} LOOP EXECUTE 'DROP TABLE ' || made; END LOOP;
IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${schema}) THEN ${revoke}; END IF;
IF EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = ${schema} AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid) AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner)) THEN ${drop}; END IF;
END`;
  return sql(`DO ${quoteLiteral(body)}`);
}
