import { Client } from 'pg';
import {
  PontoonError,
  quoteIdentifier,
  quoteLiteral,
  renderRunbook,
  serverOf,
  type TableSelection,
} from '../postgres';
import { scramVerifier } from '../runner';
import type { RecordedMigration } from './migration';
import {
  createServer,
  LOOPBACK_HBA,
  type Server,
  type Workspace,
  withStatementLibrary,
} from './servers';
import { type SampleTable, sampleSchemas, sampleTables } from './workload/sample-tables';

/** What the source is made of. */
export interface SourceOptions {
  readonly workspace: Workspace;
  readonly migration: RecordedMigration;
  /** The source's name in the topology. */
  readonly name: string;
  /** What is replicated; sample tables are made for it. */
  readonly selection: TableSelection;
  /** Rows in all sample tables together, about. */
  readonly rows: number;
}

/** A source that its owner prepares. */
export interface PreparedOptions extends SourceOptions {
  /** The password of the role with which objects are made there. */
  readonly password: string;
}

/** The source with its data, and the tables that were made. */
export interface Source {
  readonly server: Server;
  readonly tables: readonly SampleTable[];
}

/** Who owns the sample tables: an application's role, so that nothing works only because we own them. */
export const OWNER = 'shop_owner';

/** Makes the source as its owner has it: an ordinary server with an application's data. */
export async function createSource(options: SourceOptions): Promise<Source> {
  const { workspace, migration, name, selection, rows } = options;
  const { majorVersion, database } = serverOf(migration.topology, name);
  const hba = migration.source.hba.split('\n').filter((line) => line.startsWith('hostssl'));
  const server = await createServer(workspace, {
    name,
    major: majorVersion,
    hba: [...hba, ...LOOPBACK_HBA],
    settings: await withStatementLibrary(majorVersion, {
      // As it is unless somebody sets it: the runbook has to.
      'pg_stat_statements.track_utility': 'on',
    }),
  });
  await server.start();
  await asSuperuser(server, 'postgres', async (client) => {
    await client.query(`CREATE ROLE ${OWNER}`);
    await client.query(`CREATE DATABASE ${quoteIdentifier(database)} OWNER ${OWNER}`);
  });
  const tables = sampleTables(selection);
  await asSuperuser(server, database, async (client) => await fill(client, tables, rows));
  return { server, tables };
}

/** Prepares the source by the very SQL of its runbook, as its owner would. */
export async function followRunbook(
  { migration, name, password }: PreparedOptions,
  server: Server,
): Promise<void> {
  const { topology, source } = migration;
  const { database } = serverOf(topology, name);
  const runbook = renderRunbook(topology, {
    server: name,
    administrator: source.administrator,
    hba: [],
  });
  await asSuperuser(server, database, async (client) => {
    for (const statement of preparation(runbook)) await follow(client, statement);
    const verifier = quoteLiteral(scramVerifier(password));
    await client.query(`ALTER ROLE ${quoteIdentifier(source.administrator)} PASSWORD ${verifier}`);
  });
  await server.restart();
}

/** Runs `work` with a connection of the superuser. */
export async function asSuperuser<Result>(
  server: Server,
  database: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(server.controlConfig(database));
  // A server that ends takes the next statement with it, which says so.
  client.on('error', () => undefined);
  await client.connect();
  return await work(client).finally(() => client.end());
}

/** The version of `server` as it says itself, such as `17.10`. */
export async function exactVersion(server: Server): Promise<string> {
  return await asSuperuser(server, 'postgres', async (client) => {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  });
}

/** The statements of all sections of `runbook` but the last, which undoes what the others do. */
export function preparation(runbook: string): string[] {
  const sections = runbook.split(/^## /m).slice(1);
  if (!/^\d+\. Undo/.test(sections.at(-1) ?? '')) {
    throw new PontoonError(
      'RUNBOOK',
      'the runbook must end with the section that undoes it, got another one; keep it last',
    );
  }
  return sections
    .slice(0, -1)
    .flatMap((section) => [...section.matchAll(/^```sql\n([\s\S]*?)^```/gm)])
    .flatMap(([, block = '']) => block.split(/;[ \t]*\n/))
    .map((statement) => statement.replace(/^--.*\n/gm, '').trim())
    .filter((statement) => statement !== '');
}

/** Runs a statement of a runbook. A query of it returns what is to be run next, line by line. */
export async function follow(client: Client, statement: string): Promise<void> {
  const { rows } = await client.query<Record<string, unknown>>(statement);
  for (const { grant } of rows) if (typeof grant === 'string') await client.query(grant);
}

/** Makes and fills `tables` as those of an application. */
export async function fill(
  client: Client,
  tables: readonly SampleTable[],
  rows: number,
): Promise<void> {
  for (const schema of sampleSchemas(tables)) {
    await client.query(`CREATE SCHEMA ${quoteIdentifier(schema)} AUTHORIZATION ${OWNER}`);
  }
  await client.query(`GRANT ALL ON SCHEMA public TO ${OWNER}`);
  await client.query(`SET ROLE ${OWNER}`);
  for (const table of tables) await client.query(table.ddl);
  for (const table of tables) await client.query(table.fill(rows));
  await client.query('RESET ROLE');
  await client.query('ANALYZE');
}
