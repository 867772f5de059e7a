import { readFile } from 'node:fs/promises';
import { Client, type ClientConfig, DatabaseError, type QueryResult } from 'pg';
import { PontoonError, quoteLiteral } from '../../postgres';
import type { Server } from '../servers';
import type { Program, ProgramAnswer, ProgramCall } from './programs';

/** What psql is told by its arguments, as far as scripts of ours use them. */
interface Arguments {
  readonly variables: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly single: boolean;
}

/** Exit statuses of psql. */
const NO_CONNECTION = 2;
const SCRIPT_FAILED = 3;

/** Stands in for psql: statements from files or the input, variables, one transaction, unaligned output. */
export function psqlStandIn(server: Server): Program {
  return async (call) => {
    if (call.args.includes('--version'))
      return { output: `psql (stand-in) ${server.major}\n`, errors: '', status: 0 };
    const known = readArguments(call.args);
    const client = new Client({ ...(await clientConfig(server, call)), types: AS_TEXT });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      return refused('psql: error: connection to server failed: FATAL:  ', error, NO_CONNECTION);
    }
    try {
      return await runAll(client, known, call.input);
    } finally {
      await client.end();
    }
  };
}

/** A client as `call` describes it: through the server's own socket, or through TCP as the environment says. */
export async function clientConfig(server: Server, { env }: ProgramCall): Promise<ClientConfig> {
  const { PGHOST: host = '', PGDATABASE: database = '' } = env;
  if (host.startsWith('/')) return server.controlConfig(database);
  const lines = (await readFile(env.PGPASSFILE ?? '', 'utf8')).split('\n');
  const entry = lines.find((line) => line.startsWith('*:*:*:*:')) ?? '';
  return {
    host,
    port: Number(env.PGPORT),
    database,
    user: env.PGUSER ?? '',
    password: entry.slice('*:*:*:*:'.length).replace(/\\(.)/g, '$1'),
    ...(env.PGOPTIONS === undefined ? {} : { options: env.PGOPTIONS }),
    ssl: {
      ca: await readFile(env.PGSSLROOTCERT ?? '', 'utf8'),
      host,
      ...(env.PGSSLMODE === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    },
  };
}

/** Values as the server writes them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

async function runAll(
  client: Client,
  { files, single, variables }: Arguments,
  input: string,
): Promise<ProgramAnswer> {
  const scripts =
    files.length === 0
      ? [{ name: '<stdin>', text: input }]
      : await Promise.all(
          files.map(async (name) => ({ name, text: await readFile(name, 'utf8') })),
        );
  let output = '';
  if (single) await client.query('BEGIN');
  for (const { name, text } of scripts) {
    try {
      const results = await client.query(substitute(text, variables));
      output += rowsOf(results as QueryResult | QueryResult[]);
    } catch (error) {
      return { ...refused(`psql:${name}: ERROR:  `, error, SCRIPT_FAILED), output };
    }
  }
  if (single) await client.query('COMMIT');
  return { output, errors: '', status: 0 };
}

function substitute(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/:'(\w+)'/g, (all, name: string) => {
    const value = variables[name];
    return value === undefined ? all : quoteLiteral(value);
  });
}

function rowsOf(results: QueryResult | QueryResult[]): string {
  return [results]
    .flat()
    .flatMap(({ rows }) => rows as Record<string, string | null>[])
    .map(
      (row) =>
        `${Object.values(row)
          .map((value) => value ?? '')
          .join('|')}\n`,
    )
    .join('');
}

function refused(prefix: string, error: unknown, status: number): ProgramAnswer {
  const said = error instanceof Error ? error.message : String(error);
  const { detail, hint, where } = error instanceof DatabaseError ? error : {};
  const rest = [
    ...(detail === undefined ? [] : [`DETAIL:  ${detail}`]),
    ...(hint === undefined ? [] : [`HINT:  ${hint}`]),
    ...(where === undefined ? [] : [`CONTEXT:  ${where}`]),
  ];
  return { output: '', errors: `${[`${prefix}${said}`, ...rest].join('\n')}\n`, status };
}

function readArguments(args: readonly string[]): Arguments {
  const variables: Record<string, string> = {};
  const files: string[] = [];
  let single = false;
  for (let index = 0; index < args.length; index += 1) {
    const option = args[index] ?? '';
    if (option === '-v') {
      index += 1;
      const [name = '', ...value] = (args[index] ?? '').split('=');
      variables[name] = value.join('=');
    } else if (option === '-f') {
      index += 1;
      files.push(args[index] ?? '');
    } else if (option === '-1') single = true;
    else if (!/^-[XAtqw]+$/.test(option))
      throw new PontoonError('STAND_IN', `the stand-in for psql does not know '${option}'`);
  }
  return { variables, files, single };
}
