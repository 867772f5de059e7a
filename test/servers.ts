// Real PostgreSQL servers for tests.
//
//   import { startTestServer, type TestServer } from '../servers';
//
//   let pg: TestServer;
//   beforeAll(async () => { pg = await startTestServer({ major: 17, settings: { wal_level: 'logical' } }); });
//   afterAll(() => pg.stop());
//
//   const client = await pg.client();        // superuser; closed by stop()
//   const other = await pg.client('app');    // in another database
//   pg.server.connectionConfig()             // for pg.Client: TLS verified, SCRAM, superuser
//   pg.server.port, .caCertificate, .superuser, .logFile, .restart(), .kill(), .configure({...})
//
// Several servers (of one test) live best in one workspace: `withServers([{ major: 16 }, { major: 17 }],
// async ([a, b]) => { … })` starts them at once and clears all away afterwards; or give
// `startTestServer` a `workspace` of your own (`Workspace.open()`, `workspace.dispose()`).
//
// The majors of TEST_MAJORS are installed. `describe.each(TEST_MAJORS)` runs a block on each.
import { Client } from 'pg';
import {
  createServer,
  type NewServerOptions,
  type Server,
  Workspace,
} from '../lib/rehearsal/servers';

/** The majors that the tests' packages hold. */
export const TEST_MAJORS = [14, 15, 16, 17, 18] as const;

/** A server for a test. */
export interface TestServerOptions extends Partial<NewServerOptions> {
  /** Where it lives. @default - a workspace of its own, disposed of by `stop` */
  readonly workspace?: Workspace;
}

/** A running server. */
export interface TestServer {
  readonly server: Server;
  readonly workspace: Workspace;
  /** A superuser's connection. */
  client(database?: string): Promise<Client>;
  /** Closes the connections, removes the server. */
  stop(): Promise<void>;
}

/** Starts a server; 17 unless told otherwise. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const workspace = options.workspace ?? (await Workspace.open());
  try {
    const server = await createServer(workspace, { name: 'test', major: 17, ...options });
    await server.start();
    return testServer(workspace, server, options.workspace === undefined);
  } catch (error) {
    if (options.workspace === undefined) await workspace.dispose();
    throw error;
  }
}

/** Starts servers for `test` in one workspace and removes them, however it ends. */
export async function withServers(
  servers: readonly Partial<NewServerOptions>[],
  test: (servers: readonly TestServer[]) => Promise<void>,
): Promise<void> {
  const workspace = await Workspace.open();
  try {
    const started = await Promise.all(
      servers.map((options, index) =>
        startTestServer({ name: `test-${index}`, ...options, workspace }),
      ),
    );
    try {
      await test(started);
    } finally {
      await Promise.all(started.map((server) => server.stop()));
    }
  } finally {
    await workspace.dispose();
  }
}

function testServer(workspace: Workspace, server: Server, owned: boolean): TestServer {
  const clients: Client[] = [];
  return {
    server,
    workspace,
    client: async (database) => {
      const client = new Client(server.controlConfig(database));
      // A test that stops its server loses its connections; that is no crash of the test.
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.end()));
      if (owned) await workspace.dispose();
      else await server.stop('immediate');
    },
  };
}
