import type { Client, ClientBase } from 'pg';
import type { Connection, SecretStore } from '../../postgres';
import { connect } from '../connect';

/** Puts a new session on a server in place of the one that is there. */
type Reopen = (server: string) => Promise<void>;

/** Opens a session on each of `connections`, gives them to `use`, and closes them, however `use` ends. */
export async function withSessions<Result>(
  connections: { readonly [server: string]: Connection },
  secrets: SecretStore,
  purpose: string,
  use: (sessions: ReadonlyMap<string, ClientBase>, reopen: Reopen) => Promise<Result>,
): Promise<Result> {
  const sessions = new Map<string, Client>();
  const open = async (server: string, connection: Connection): Promise<void> => {
    const fresh = await connect(connection, secrets, { purpose, comparable: true });
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
