import { readFile } from 'node:fs/promises';
import { Client, type ClientConfig, DatabaseError, type QueryArrayResult } from 'pg';
import { PontoonError, quoteLiteral } from '../../postgres';
import { recordOf } from '../assembly';
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

/** Strings, names, dollar quotes and comments, in which psql replaces nothing, and its variables. */
const TOKENS =
  /(?<!\w)[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])\$([a-z_]\w*)?\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\/|(?<!:):'(\w+)'/gis;

/** Stands in for psql: statements from files or the input, variables, one transaction, unaligned output. */
export function psqlStandIn(server: Server): Program {
  return async (call) => {
    if (call.args.includes('--version'))
      return { output: `psql (stand-in) ${server.major}\n`, errors: '', status: 0 };
    const known = readArguments(call.args);
    const config = await clientConfig(server, call);
    const client = new Client({ ...config, types: AS_TEXT });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      return refused(
        `psql: error: connection to server ${placeOf(config)} failed: `,
        error,
        NO_CONNECTION,
      );
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
      ? [{ from: '', text: input }]
      : await Promise.all(
          files.map(async (name) => ({
            from: `psql:${name}: `,
            text: await readFile(name, 'utf8'),
          })),
        );
  let output = '';
  if (single) await client.query('BEGIN');
  for (const { from, text } of scripts) {
    try {
      // As arrays, since columns may have the same name.
      const query = { text: substitute(text, variables), rowMode: 'array' as const };
      output += rowsOf(await client.query<(string | null)[]>(query));
    } catch (error) {
      return { ...refused(from, error, SCRIPT_FAILED), output };
    }
  }
  if (single) await client.query('COMMIT');
  return { output, errors: '', status: 0 };
}

function substitute(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(TOKENS, (all, _tag: string | undefined, name: string | undefined) => {
    const value = name === undefined ? undefined : variables[name];
    return value === undefined ? all : quoteLiteral(value);
  });
}

/** The rows of all statements; the driver gives a list where there are several. */
function rowsOf(results: QueryArrayResult<(string | null)[]>): string {
  return [results]
    .flat()
    .flatMap(({ rows }) => rows)
    .map((row) => `${row.map((value) => value ?? '').join('|')}\n`)
    .join('');
}

function placeOf({ host = '', port }: ClientConfig): string {
  return host.startsWith('/')
    ? `on socket "${host}/.s.PGSQL.${port}"`
    : `at "${host}", port ${port}`;
}

function refused(prefix: string, error: unknown, status: number): ProgramAnswer {
  if (!(error instanceof DatabaseError))
    return { output: '', errors: `${prefix}${withoutServer(error)}\n`, status };
  const { severity = 'ERROR', message, detail, hint, where } = error;
  const lines = [
    `${prefix}${severity}:  ${message}`,
    ...(detail === undefined ? [] : [`DETAIL:  ${detail}`]),
    ...(hint === undefined ? [] : [`HINT:  ${hint}`]),
    ...(where === undefined ? [] : [`CONTEXT:  ${where}`]),
  ];
  return { output: '', errors: `${lines.join('\n')}\n`, status };
}

/** What psql says of an error that the server did not send; the runtime's words change with its releases. */
function withoutServer(error: unknown): string {
  const { code, message } = recordOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'server certificate does not match host name';
  return /^(CERT_|DEPTH_|SELF_|UNABLE_)/.test(String(code))
    ? 'SSL error: certificate verify failed'
    : String(message ?? error);
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
      throw new PontoonError(
        'STAND_IN',
        `the stand-in for psql does not know '${option}'; install the PostgreSQL client tools of this major`,
      );
  }
  return { variables, files, single };
}
