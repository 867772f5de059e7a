import type { Connection } from '../connection';
import type { DmsTransformation } from '../dms';
import type { ObjectKey } from '../objects';
import { type Statement, sql } from '../statement';

/** What the script is told, as parameters of the SSM document. All but the plain ones are base64, so that nothing in them is read as shell. */
export interface SchemaCopyParameters {
  /** Host name or address of the target. */
  readonly host: string;
  /** Its port. */
  readonly port: string;
  /** Where the target's login is kept: an ARN or a name in Secrets Manager. */
  readonly secret: string;
  /** `verify-full` or `verify-ca`. */
  readonly sslMode: string;
  /** The target's database, base64. */
  readonly database: string;
  /** The PEM text of the certificates that may sign the target's, base64. */
  readonly caCertificate: string;
  /** The source's database, base64. */
  readonly sourceDatabase: string;
  /** The schemas to copy: base64, separated by spaces. */
  readonly schemas: string;
  /** What is called otherwise on the target: JSON, base64. */
  readonly transformations: string;
  /** What the ledger on the target will say: JSON, base64. */
  readonly entry: string;
}

/** What the parameters may consist of: SSM refuses anything else before the script is made of them. */
export const SCHEMA_COPY_PATTERNS: Readonly<Record<keyof SchemaCopyParameters, string>> = {
  host: '^[A-Za-z0-9.:_-]+$',
  port: '^[0-9]{1,5}$',
  secret: '^[A-Za-z0-9:/_+=.@!-]+$',
  sslMode: '^verify-(full|ca)$',
  database: '^[A-Za-z0-9+/=]+$',
  caCertificate: '^[A-Za-z0-9+/=]+$',
  sourceDatabase: '^[A-Za-z0-9+/=]+$',
  schemas: '^[A-Za-z0-9+/= ]+$',
  transformations: '^[A-Za-z0-9+/=]+$',
  entry: '^[A-Za-z0-9+/=]+$',
};

/** What is copied, and where to. */
export interface SchemaCopyRequest {
  /** The target. Its certificates are a PEM text. */
  readonly connection: Connection;
  /** The database that is copied. */
  readonly sourceDatabase: string;
  /** The schemas to copy. */
  readonly schemas: readonly string[];
  /** What the target calls otherwise or leaves out. */
  readonly transformations: readonly DmsTransformation[];
  /** What the ledger on the target will say once they are there. */
  readonly entry: ObjectKey & { readonly owner: string; readonly spec: unknown };
}

/** The parameters of the document for `request`. */
export function schemaCopyParameters(request: SchemaCopyRequest): SchemaCopyParameters {
  const { connection, sourceDatabase, schemas, transformations, entry } = request;
  return {
    host: connection.host,
    port: String(connection.port),
    secret: connection.secret,
    sslMode: connection.sslMode,
    database: base64(connection.database),
    caCertificate: base64(connection.caCertificate),
    sourceDatabase: base64(sourceDatabase),
    schemas: schemas.map(base64).join(' '),
    transformations: base64(JSON.stringify(transformations)),
    entry: base64(JSON.stringify(entry)),
  };
}

/** Asks which of `schemas` exist. */
export function schemasThere(schemas: readonly string[]): Statement {
  return sql('SELECT nspname AS schema FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1)', [
    schemas,
  ]);
}

/** Asks in which of `schemas` there is a table, view or sequence that belongs to no extension. */
export function tablesInSchemas(schemas: readonly string[]): Statement {
  return sql(
    `SELECT DISTINCT n.nspname AS schema FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1`,
    [schemas],
  );
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
