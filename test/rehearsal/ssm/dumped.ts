import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Server } from '../../../lib/rehearsal/servers';
import { findClientTool } from '../../../lib/rehearsal/servers/binaries';
import { pgDumpStandIn } from '../../../lib/rehearsal/ssm/pg-dump';
import type { TestServer } from '../../servers';
import { describeSchemas } from './copied';

const NEWEST_FIRST = [18, 17, 16, 15, 14];
const OPTIONS =
  '-w --schema-only --strict-names --no-publications --no-subscriptions --no-security-labels --no-tablespaces';

/** The options with which the schema copy calls pg_dump. */
export function optionsFor(schemas: readonly string[]): string[] {
  const quoted = schemas.map((name) => `"${name.replaceAll('"', '""')}"`);
  return [...OPTIONS.split(' '), ...quoted.flatMap((name) => ['-n', name])];
}

/** What the stand-in dumps. */
export async function standInDump(
  { server }: TestServer,
  database: string,
  schemas: readonly string[],
): Promise<string> {
  const env = { PGHOST: server.socketDirectory, PGDATABASE: database };
  const answer = await pgDumpStandIn(server)({ args: optionsFor(schemas), env, input: '' });
  return answer.output;
}

/** What pg_dump dumps, where one is installed that knows the server's major. */
export async function realDump(
  { server }: { readonly server: Server },
  database: string,
  schemas: readonly string[],
): Promise<string | undefined> {
  const majors = NEWEST_FIRST.filter((major) => major >= server.major);
  const found = await Promise.all(majors.map((major) => findClientTool(major, 'pg_dump')));
  const tool = found.find((one) => one !== undefined);
  if (tool === undefined) return undefined;
  const { user, password } = server.superuser;
  const env = {
    PGHOST: server.socketDirectory,
    PGPORT: String(server.port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
  };
  const { stdout } = await promisify(execFile)(tool, optionsFor(schemas), { env });
  // The driver knows no commands of psql.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

let databases = 0;

/** Makes a database by `ddl`, which runs in a schema `s`, and gives its name. */
export async function source(pg: TestServer, ddl: string): Promise<string> {
  const name = await newDatabase(pg);
  await within(pg, name, (client) =>
    client.query(`CREATE SCHEMA s; SET search_path = s, public; ${ddl}`),
  );
  return name;
}

/** Dumps the schemas of a database and restores them elsewhere; both are described, and the real dump as well. */
export async function roundTrip(
  pg: TestServer,
  ddl: string,
  { schemas = ['s'] } = {},
): Promise<{ readonly wanted: string[]; readonly got: string[]; readonly real: string[] }> {
  const from = await source(pg, ddl);
  const restored = async (dump: string): Promise<string[]> =>
    within(pg, await newDatabase(pg), async (client) => {
      await client.query(dump);
      return describeSchemas(client, schemas);
    });
  const wanted = await within(pg, from, (client) => describeSchemas(client, schemas));
  const real = await realDump(pg, from, schemas);
  return {
    wanted,
    got: await restored(await standInDump(pg, from, schemas)),
    real: real === undefined ? wanted : await restored(real),
  };
}

async function newDatabase(pg: TestServer): Promise<string> {
  databases += 1;
  const name = `dumped_${databases}`;
  await within(pg, 'postgres', (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE template0`),
  );
  return name;
}

/** Runs `work` in a database, and leaves no connection, of which many tests together would need too many. */
export async function within<Result>(
  { server }: TestServer,
  database: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(server.controlConfig(database));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
