import type { Client, ClientBase } from 'pg';
import type { Connection, SecretStore } from '../../postgres';
import { type ConnectOptions, connect } from '../connect';
import { keepAlive } from '../keep-alive';

/** Puts a new session on a server in place of the one that is there. */
type Reopen = (server: string) => Promise<void>;

/**
 * Opens a session on each of `connections`, gives them to `use`, and closes them, however `use` ends. As long as this
 * process works, no server ends one of them for being idle.
 */
export async function withSessions<Result>(
  connections: { readonly [server: string]: Connection },
  secrets: SecretStore,
  options: Pick<ConnectOptions, 'purpose' | 'idleTimeoutMs'>,
  use: (sessions: ReadonlyMap<string, ClientBase>, reopen: Reopen) => Promise<Result>,
): Promise<Result> {
  const sessions = new Map<string, Client>();
  const open = async (server: string, connection: Connection): Promise<void> => {
    const fresh = await connect(connection, secrets, { ...options, comparable: true });
    keepAlive(fresh, options);
    // Not by its end, which a server that says nothing would keep waiting.
    sessions.get(server)?.connection.stream.destroy();
    sessions.set(server, fresh);
  };
  const reopen = async (server: string): Promise<void> => {
    const connection = connections[server];
    if (connection !== undefined) await open(server, connection);
  };
  try {
    for (const [server, connection] of Object.entries(connections)) await open(server, connection);
    return await use(sessions, reopen);
  } finally {
    await Promise.allSettled([...sessions.values()].map((session) => session.end()));
  }
}
