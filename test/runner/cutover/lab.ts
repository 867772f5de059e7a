import { Client } from 'pg';
import {
  CUTOVER_LIMITS,
  type CutoverLimits,
  type CutoverPlan,
  createSecret,
  LinkKind,
  PontoonError,
  type PublisherAddress,
  PublisherSslMode,
  readSpec,
  type Secret,
  type SecretStore,
} from '../../../lib/postgres';
import {
  managedAdmin,
  randomPassword,
  type Server,
  Workspace,
} from '../../../lib/rehearsal/servers';
import { apply, type CutoverServices, scramVerifier, waitUntil } from '../../../lib/runner';
import { startTestServer, type TestServer } from '../../servers';

const DATABASE = 'app';
const SETTINGS = {
  wal_level: 'logical',
  wal_retrieve_retry_interval: '200ms',
  max_logical_replication_workers: '10',
};
const SCHEMA = `CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, client int NOT NULL, number int NOT NULL, UNIQUE (client, number));
CREATE TABLE shop.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
CREATE SEQUENCE shop.invoice INCREMENT -1;
GRANT USAGE ON SCHEMA shop TO app; GRANT ALL ON ALL TABLES IN SCHEMA shop TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA shop TO app`;
const READER = 'secret:reader';

/** One of two writers, whose admin is no superuser where the version allows. */
export interface Side {
  readonly name: string;
  readonly server: Server;
  readonly admin: Client;
  /** A new session of the admin. */
  session(): Promise<Client>;
}

/** Two managed servers, the second following the first by native replication, with a way back made ready. */
export class CutoverLab {
  /** Where clients are sent. */
  public active = 'blue';
  public readonly appPassword = randomPassword();

  private constructor(
    public readonly blue: Side,
    public readonly green: Side,
    private readonly secrets: SecretStore,
    private readonly workspace: Workspace,
    private readonly servers: readonly TestServer[],
  ) {}

  public static async start(majors: readonly [number, number]): Promise<CutoverLab> {
    const workspace = await Workspace.open();
    const admin = { user: 'dbadmin', password: randomPassword() };
    const reader: Secret = createSecret({
      username: 'reader',
      password: randomPassword(),
      version: '1',
    });
    const secrets: SecretStore = {
      get: async (reference) => {
        if (reference === READER) return reader;
        throw new PontoonError('SECRET_UNAVAILABLE', `no '${reference}'`);
      },
    };
    const servers = await Promise.all(
      majors.map((major, index) =>
        startTestServer({
          workspace,
          major,
          name: index === 0 ? 'blue' : 'green',
          superuser: 'rdsadmin',
          settings: SETTINGS,
        }),
      ),
    );
    const [blue, green] = await Promise.all(
      servers.map((server, index) => makeSide(index === 0 ? 'blue' : 'green', server, admin)),
    );
    if (blue === undefined || green === undefined) throw new Error('two servers are needed');
    const lab = new CutoverLab(blue, green, secrets, workspace, servers);
    await lab.provision();
    return lab;
  }

  /** The cutover from blue to green. */
  public plan(limits: Partial<CutoverLimits> = {}): CutoverPlan {
    return {
      migration: 'shop',
      from: 'blue',
      to: 'green',
      selection: { schemas: ['shop'] },
      forward: {
        kind: LinkKind.NATIVE,
        decoder: 'blue',
        slotName: 'forward',
        subscription: 'forward',
        publication: 'forward',
      },
      reverse: {
        kind: LinkKind.NATIVE,
        decoder: 'green',
        slotName: 'backward',
        subscription: 'backward',
        publication: 'backward',
        publisher: this.publisher(this.green),
      },
      keep: { blue: ['reader'], green: ['reader'] },
      limits: { ...CUTOVER_LIMITS, verificationMs: 0, budgetMs: 10_000, ...limits },
    };
  }

  /** What a walk works with; its sessions are its own, and end with `close`. */
  public async services(): Promise<CutoverServices & { close(): Promise<void> }> {
    const sessions = new Map<string, Client>();
    for (const side of [this.blue, this.green]) sessions.set(side.name, await side.session());
    return {
      sessions,
      secrets: this.secrets,
      endpoint: {
        active: async () => this.active,
        activate: async (server) => {
          this.active = server;
        },
      },
      close: async () => {
        await Promise.all([...sessions.values()].map((session) => session.end()));
      },
    };
  }

  /** The side that clients are sent to. */
  public get current(): Side {
    return this.active === 'blue' ? this.blue : this.green;
  }

  /** Waits until every table streams. */
  public async copied(): Promise<void> {
    await waitUntil({
      what: 'every table must stream',
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await this.green.admin.query(
          `SELECT count(*)::int AS tables, count(*) FILTER (WHERE srsubstate = 'r')::int AS ready FROM pg_subscription_rel`,
        );
        const done = rows[0].tables > 0 && rows[0].tables === rows[0].ready;
        return done ? { done, value: undefined } : { done, reason: JSON.stringify(rows[0]) };
      },
    });
  }

  public async stop(): Promise<void> {
    await Promise.all([this.blue.admin.end(), this.green.admin.end()]);
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.workspace.dispose();
  }

  private publisher(side: Side): PublisherAddress {
    return {
      server: side.name,
      host: side.server.host,
      port: side.server.port,
      database: DATABASE,
      secret: READER,
      // The libpq of 14 compares no addresses.
      sslMode:
        this.blue.server.major < 15 ? PublisherSslMode.VERIFY_CA : PublisherSslMode.VERIFY_FULL,
      sslRootCert: side.server.caCertificateFile,
    };
  }

  private async provision(): Promise<void> {
    const selection = { schemas: ['shop'] };
    for (const side of [this.blue, this.green]) {
      await side.admin.query(`CREATE ROLE app LOGIN PASSWORD '${scramVerifier(this.appPassword)}'`);
      await side.admin.query(SCHEMA);
      await this.apply(side, { kind: 'ledger' });
      await this.apply(side, {
        kind: 'role',
        name: 'reader',
        secret: READER,
        replication: true,
        readSchemas: ['shop'],
        database: ['CONNECT'],
      });
      await this.apply(side, { kind: 'canary', readers: ['reader'] });
    }
    await this.apply(this.green, { kind: 'connection-guard', keep: ['reader'] });
    await this.apply(this.blue, { kind: 'publication', name: 'forward', selection, canary: true });
    await this.apply(this.green, {
      kind: 'publication',
      name: 'backward',
      selection,
      canary: true,
    });
    await this.apply(this.blue, { kind: 'logical-slot', name: 'forward', plugin: 'pgoutput' });
    await this.apply(this.green, {
      kind: 'subscription',
      name: 'forward',
      publisher: this.publisher(this.blue),
      publications: ['forward'],
      slotName: 'forward',
    });
    await this.copied();
  }

  private async apply(side: Side, spec: object): Promise<void> {
    await apply({ client: side.admin }, this.secrets, {
      server: side.name,
      spec: readSpec(spec),
      owner: 'stack',
    });
  }
}

async function makeSide(
  name: string,
  { server }: TestServer,
  admin: { readonly user: string; readonly password: string },
): Promise<Side> {
  await managedAdmin(server, { admin, database: DATABASE });
  // Before PostgreSQL 16 only a superuser subscribes; Aurora lets its admin.
  if (server.major < 16) await asSuperuser(server, `ALTER ROLE ${admin.user} SUPERUSER`);
  const session = async (): Promise<Client> => {
    const client = new Client(server.connectionConfig(DATABASE, admin));
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  return { name, server, admin: await session(), session };
}

async function asSuperuser(server: Server, text: string): Promise<void> {
  const client = new Client(server.controlConfig());
  await client.connect();
  await client.query(text).finally(() => client.end());
}
