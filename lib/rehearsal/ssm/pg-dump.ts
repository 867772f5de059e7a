import { Client } from 'pg';
import { PontoonError } from '../../postgres';
import type { Server } from '../servers';

import type { Program } from './programs';
import { clientConfig } from './psql';
import { DEFINITIONS } from './schema-dump/order';
import { UNSUPPORTED } from './schema-dump/unsupported';

/** Options of pg_dump that change nothing here, or that this stand-in always honours. */
const KNOWN = [
  '-w',
  '--schema-only',
  '--strict-names',
  '--no-publications',
  '--no-subscriptions',
  '--no-security-labels',
  '--no-tablespaces',
];

/** Stands in for `pg_dump --schema-only`: data definition derived from the catalogs by PostgreSQL itself. */
export function pgDumpStandIn(server: Server): Program {
  return async (call) => {
    if (call.args.includes('--version'))
      return { output: `pg_dump (stand-in) ${server.major}\n`, errors: '', status: 0 };
    const schemas = readSchemas(call.args);
    const client = new Client(await clientConfig(server, call));
    await client.connect();
    try {
      await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query("SET LOCAL search_path = ''");
      await requireSchemas(client, schemas);
      await refuseUnsupported(client, schemas);
      return { output: await dump(client, schemas), errors: '', status: 0 };
    } finally {
      await client.end();
    }
  };
}

async function dump(client: Client, schemas: readonly string[]): Promise<string> {
  const parts = [
    "SET client_encoding = 'UTF8';",
    'SET check_function_bodies = false;',
    "SELECT pg_catalog.set_config('search_path', '', false);",
  ];
  for (const [type, query] of DEFINITIONS) {
    const { rows } = await client.query<{ ddl: string | null }>(query, [schemas]);
    for (const { ddl } of rows)
      if (ddl !== null) parts.push(`-- Name: -; Type: ${type}; Schema: -; Owner: -`, ddl);
  }
  return `${parts.join('\n')}\n`;
}

async function requireSchemas(client: Client, schemas: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT nspname FROM pg_catalog.pg_namespace)',
    [schemas],
  );
  const [missing] = rows;
  if (missing === undefined) return;
  throw new PontoonError(
    'STAND_IN',
    `no matching schemas were found for pattern ""${missing.name.replaceAll('"', '""')}""`,
  );
}

async function refuseUnsupported(client: Client, schemas: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ found: string }>(UNSUPPORTED, [schemas]);
  if (rows.length === 0) return;
  throw new PontoonError(
    'STAND_IN',
    `the stand-in for pg_dump cannot derive ${rows.map(({ found }) => found).join(', ')}; install the PostgreSQL client tools of this major`,
  );
}

/** The schemas of `-n "name"`, each quoted. */
function readSchemas(args: readonly string[]): readonly string[] {
  const schemas: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const option = args[index] ?? '';
    if (option === '-n') {
      index += 1;
      schemas.push((args[index] ?? '').replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'));
    } else if (!KNOWN.includes(option))
      throw new PontoonError(
        'STAND_IN',
        `the stand-in for pg_dump does not know '${option}'; install the PostgreSQL client tools of this major`,
      );
  }
  return schemas;
}
