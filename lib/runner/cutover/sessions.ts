import type { Client, ClientBase } from 'pg';
import type { Connection, SecretStore } from '../../postgres';
import { connect } from '../connect';

/** Opens a session on each of `connections`, gives them to `use`, and closes them, however `use` ends. */
export async function withSessions<Result>(
  connections: { readonly [server: string]: Connection },
  secrets: SecretStore,
  purpose: string,
  use: (sessions: ReadonlyMap<string, ClientBase>) => Promise<Result>,
): Promise<Result> {
  const sessions = new Map<string, Client>();
  try {
    for (const [server, connection] of Object.entries(connections))
      sessions.set(server, await connect(connection, secrets, { purpose }));
    return await use(sessions);
  } finally {
    await Promise.allSettled([...sessions.values()].map((session) => session.end()));
  }
}
