import { appendFileSync } from 'node:fs';
import { Client, type ClientConfig } from 'pg';
import {
  createSecret,
  PontoonError,
  readSpec,
  type Secret,
  type SecretStore,
} from '../../lib/postgres';
import {
  createStandby,
  managedAdmin,
  randomPassword,
  type Server,
  Workspace,
} from '../../lib/rehearsal/servers';
import {
  apply,
  drop,
  type Outcome,
  type ReconcileClients,
  type ReconcileRequest,
  waitUntil,
} from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';

/** The owner of everything that is made unless a test says otherwise. */
export const OWNER = 'stack/resource';

/** Secrets that a test rotates. */
export class RotatingSecrets implements SecretStore {
  private readonly known = new Map<string, Secret>();
  private versions = 0;

  /** Gives `reference` a new version. */
  public set(reference: string, username: string, password: string): void {
    this.versions += 1;
    this.known.set(
      reference,
      createSecret({ username, password, version: `version-${this.versions}` }),
    );
  }

  public async get(reference: string): Promise<Secret> {
    const secret = this.known.get(reference);
    if (secret === undefined) throw new PontoonError('SECRET_UNAVAILABLE', `no '${reference}'`);
    return secret;
  }
}

/** One server of the chain, and the connections by which objects on it are reconciled. */
export class Link {
  constructor(
    public readonly name: string,
    public client: Client,
    private readonly secrets: SecretStore,
    private readonly primary?: { readonly client: Client },
  ) {}

  public async apply(spec: object, more: Partial<ReconcileRequest> = {}): Promise<Outcome> {
    return await apply(this.clients(), this.secrets, this.request(spec, more));
  }

  public async drop(spec: object, more: Partial<ReconcileRequest> = {}): Promise<Outcome> {
    return await drop(this.clients(), this.secrets, this.request(spec, more));
  }

  /** The first column of the first row. */
  public async value(text: string, values: unknown[] = []): Promise<unknown> {
    const { rows } = await this.client.query({ text, values, rowMode: 'array' });
    return rows[0]?.[0];
  }

  /** Waits until the first column of the first row is `expected`; `pulse` runs before each look. */
  public async until(
    text: string,
    expected: unknown,
    pulse: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    await waitUntil({
      what: `"${text}" on ${this.name} must give ${String(expected)}`,
      wayOut: 'look at the log of the server',
      deadlineMs: 60_000,
      probe: async () => {
        await pulse();
        const value = await this.value(text);
        return value === expected
          ? { done: true, value }
          : { done: false, reason: `it gives ${String(value)}` };
      },
    });
  }

  private clients(): ReconcileClients {
    const { client, primary } = this;
    return primary === undefined ? { client } : { client, primary: primary.client };
  }

  private request(spec: object, more: Partial<ReconcileRequest>): ReconcileRequest {
    return { server: this.name, spec: readSpec(spec), owner: OWNER, ...more };
  }
}

interface Login {
  readonly user: string;
  readonly password: string;
}

const DATABASE = 'app';

const SETTINGS = {
  wal_level: 'logical',
  hot_standby_feedback: 'on',
  wal_receiver_status_interval: '1s',
  wal_retrieve_retry_interval: '200ms',
};

/** A (on-premises), its physical standby B, and C, whose admin is no superuser, as in the cloud. */
export class HybridChain {
  private constructor(
    public readonly secrets: RotatingSecrets,
    public readonly a: Link,
    public readonly b: Link,
    public readonly c: Link,
    /** A itself. */
    public readonly source: Server,
    /** B itself. */
    public readonly standby: Server,
    private readonly target: Server,
    private readonly admin: Login,
    private readonly close: () => Promise<void>,
  ) {}

  /** Starts the three servers, with `schema` on A and, as C's admin, on C. */
  public static async start(major: number, schema: string): Promise<HybridChain> {
    const workspace = await Workspace.open();
    const common = { workspace, major, settings: SETTINGS };
    const [source, target] = await Promise.all([
      startTestServer({ ...common, name: 'onPremises' }),
      startTestServer({ ...common, name: 'aurora', superuser: 'rdsadmin' }),
    ]);
    await (await source.client()).query(`CREATE DATABASE ${DATABASE}`);
    const primary = await opened(new Client(named(source.server.controlConfig(DATABASE))));
    await primary.query(schema);
    const standby = await standbyOf(workspace, source);
    const below = await opened(new Client(named(standby.controlConfig(DATABASE))));
    const admin = { user: 'dbadmin', password: randomPassword() };
    await managedAdmin(target.server, { admin, database: DATABASE });
    const aurora = await opened(new Client(named(target.server.connectionConfig(DATABASE, admin))));
    await aurora.query(schema);
    const secrets = new RotatingSecrets();
    const above = new Link('onPremises', primary, secrets);
    const links = [
      above,
      new Link('standby', below, secrets, above),
      new Link('aurora', aurora, secrets),
    ] as const;
    return new HybridChain(
      secrets,
      ...links,
      source.server,
      standby,
      target.server,
      admin,
      async () => {
        await Promise.all(links.map(({ client }) => client.end()));
        await Promise.all([source.stop(), target.stop(), standby.stop('immediate')]);
        await workspace.dispose();
      },
    );
  }

  /** A new session on the server called `name`, such as a walk has. */
  public async session(name: string, more: ClientConfig = {}): Promise<Client> {
    const { a, b, source, standby, target, admin } = this;
    const config =
      name === a.name
        ? source.controlConfig(DATABASE)
        : name === b.name
          ? standby.controlConfig(DATABASE)
          : target.connectionConfig(DATABASE, admin);
    return await opened(new Client({ ...named(config), ...more }));
  }

  /** Kills B with -9, and starts it again. */
  public async crashStandby(): Promise<void> {
    await this.standby.kill();
    await this.standby.start();
    await this.reopen(this.b);
  }

  /** Has B follow A by another `port` of the loopback interface, which leads there. */
  public async followBy(port: number): Promise<void> {
    const found = String(await this.b.value('SHOW primary_conninfo'));
    const [, passfile = ''] = /passfile='?([^' ]+)/.exec(found) ?? [];
    const { user, password } = this.source.superuser;
    appendFileSync(passfile, `localhost:${port}:*:${user}:${password}\n`);
    const told = found.replace(/port='?\d+'?/, `port=${port}`);
    await this.b.client.query(
      `ALTER SYSTEM SET primary_conninfo = '${told.replaceAll("'", "''")}'`,
    );
    await this.b.client.query('SELECT pg_reload_conf()');
    await this.a.until(
      `SELECT state FROM pg_stat_replication WHERE application_name = 'standby'`,
      'streaming',
    );
  }

  /** Restarts A with `settings` besides its own. */
  public async restartSource(settings: Readonly<Record<string, string>>): Promise<void> {
    await this.source.configure(settings);
    await this.source.restart();
    await this.reopen(this.a);
  }

  /** The publisher as C sees it. */
  public publisher(secret: string): object {
    const { host, port } = this.standby;
    return { server: 'standby', host, port, database: DATABASE, secret, sslMode: 'require' };
  }

  /** Waits until B has replayed what A has written, as the handler does before it touches C. */
  public async replayed(): Promise<void> {
    const written = String(await this.a.value('SELECT pg_current_wal_flush_lsn()'));
    await this.b.until(`SELECT pg_last_wal_replay_lsn() >= '${written}'::pg_lsn`, true);
  }

  /**
   * Waits until C's answer is `expected`. Each table is copied through a slot on B, which waits for A to log its
   * running transactions; in the cloud the schedule of the metrics has A do that.
   */
  public async arrives(text: string, expected: unknown): Promise<void> {
    await this.c.until(text, expected, () => this.a.value('SELECT pg_log_standby_snapshot()'));
  }

  /** How a login on B as `user` by `password` ends. */
  public async login(user: string, password: string): Promise<string> {
    const client = new Client(this.standby.connectionConfig(DATABASE, { user, password }));
    return await client
      .connect()
      .then(() => 'in')
      .catch((error: Error) => error.message)
      .finally(() => client.end());
  }

  /** What a superuser sees on C. */
  public async asTargetSuperuser(text: string): Promise<readonly unknown[]> {
    const client = await opened(new Client(this.target.controlConfig(DATABASE)));
    const { rows } = await client.query(text).finally(() => client.end());
    return rows;
  }

  public async stop(): Promise<void> {
    await this.close();
  }

  private async reopen(link: Link): Promise<void> {
    await link.client.end().catch(() => undefined);
    link.client = await this.session(link.name);
  }
}

/** As the runner names its sessions. */
function named(config: ClientConfig): ClientConfig {
  return { ...config, application_name: 'pontoon test' };
}

async function standbyOf(workspace: Workspace, source: TestServer): Promise<Server> {
  const { server } = await createStandby(workspace, {
    name: 'standby',
    settings: SETTINGS,
    upstream: source.server,
    slot: 'b',
    role: source.server.superuser,
  });
  await server.start();
  return server;
}

async function opened(client: Client): Promise<Client> {
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
