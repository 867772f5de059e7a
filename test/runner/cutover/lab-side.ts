import { Client, type ClientConfig } from 'pg';
import { LinkKind } from '../../../lib/postgres';
import { managedAdmin, type Server } from '../../../lib/rehearsal/servers';
import type { TestServer } from '../../servers';

/** The database of every side. */
export const DATABASE = 'app';

/** One of two writers, whose admin is no superuser where the version allows. */
export interface Side {
  readonly name: string;
  readonly server: Server;
  readonly admin: Client;
  /** The port by which the other server finds this one. */
  readonly port: number;
  /** A new session of the admin. */
  session(more?: ClientConfig): Promise<Client>;
  /** A new session of the superuser, in the same database. */
  superuser(): Promise<Client>;
}

/** Makes the side called `name` of a server that runs. */
export async function makeSide(
  name: string,
  { server }: TestServer,
  { kind, ...admin }: { readonly user: string; readonly password: string; readonly kind: LinkKind },
  portFor: (side: string, port: number) => Promise<number>,
): Promise<Side> {
  await managedAdmin(server, { admin, database: DATABASE });
  const superuser = () => opened(new Client(server.controlConfig(DATABASE)));
  // Before PostgreSQL 16 only a superuser subscribes; Aurora lets its admin. By pglogical nobody else ever does.
  if (server.major < 16 || kind === LinkKind.PGLOGICAL) {
    const client = await superuser();
    await client.query(`ALTER ROLE ${admin.user} SUPERUSER`).finally(() => client.end());
  }
  const config = server.connectionConfig(DATABASE, admin);
  const session = (more: ClientConfig = {}) => {
    // As the runner names its sessions.
    const named = more.user === undefined ? { application_name: 'pontoon test' } : {};
    return opened(new Client({ ...config, ...named, ...more }));
  };
  const port = await portFor(name, server.port);
  return { name, server, admin: await session(), port, session, superuser };
}

async function opened(client: Client): Promise<Client> {
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
