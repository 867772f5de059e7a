import { Client, type ClientConfig } from 'pg';
import {
  createTopology,
  deriveSettings,
  LinkKind,
  noteWaitedFor,
  Platform,
  type PromotionInput,
  parsePromotion,
  plainTopology,
  type SecretStore,
  type SynchronousStandbys,
  settingsByName,
  type Topology,
} from '../../../lib/postgres';
import {
  createServer,
  createStandby,
  type Server,
  Workspace,
} from '../../../lib/rehearsal/servers';
import { staticSecrets } from '../../../lib/runner/secrets';
import { eventually } from '../../rehearsal/servers/eventually';
import { Writers } from './writers';

export const DATABASE = 'shop';
export const PRIMARY = 'primary';
/** Why an old primary that answers does not follow. */
export const FENCED =
  "it is fenced, and has to be stopped or rejoined now: clients that know all hosts end there, at 'too many connections'";
const APP = { user: 'app', password: 'app' };

/** What a cluster of a test is. */
export interface ClusterOptions {
  readonly major: number;
  /** @default 3 */
  readonly standbys?: number;
  /** @default - asynchronous */
  readonly synchronous?: SynchronousStandbys;
  /** Beside those that are derived. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real streaming cluster: `primary`, `replica1`, …, with a database `shop` that `app` writes to. */
export class ClusterLab {
  private readonly clients: Client[] = [];
  private readonly writers: Writers[] = [];

  private constructor(
    public readonly workspace: Workspace,
    public readonly topology: Topology,
    public readonly servers: ReadonlyMap<string, Server>,
  ) {}

  public static async open(options: ClusterOptions): Promise<ClusterLab> {
    const workspace = await Workspace.open();
    try {
      return await build(workspace, options);
    } catch (error) {
      await workspace.dispose();
      throw error;
    }
  }

  public static over(
    workspace: Workspace,
    topology: Topology,
    servers: ReadonlyMap<string, Server>,
  ): ClusterLab {
    return new ClusterLab(workspace, topology, servers);
  }

  public server(name: string): Server {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  /** Where the secrets of {@link input} are. */
  public get secrets(): SecretStore {
    return staticSecrets(
      Object.fromEntries(
        [...this.servers].map(([name, { superuser }]) => [
          `secret of ${name}`,
          { username: superuser.user, password: superuser.password },
        ]),
      ),
    );
  }

  /** What `pontoon promote` reads on stdin. */
  public json(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      topology: plainTopology(this.topology),
      connections: Object.fromEntries(
        [...this.servers].map(([name, server]) => [name, this.connection(name, server)]),
      ),
      ...more,
    };
  }

  public input(more: Readonly<Record<string, unknown>> = {}): PromotionInput {
    return parsePromotion(this.json(more));
  }

  /** A superuser's session that {@link close} ends. */
  public async client(name: string, database = DATABASE): Promise<Client> {
    return await this.connected(this.server(name).controlConfig(database));
  }

  /** An application's session that {@link close} ends. */
  public async application(name: string): Promise<Client> {
    return await this.connected(this.loginOf(name));
  }

  /** How an application connects. */
  public loginOf(name: string): ClientConfig {
    return this.server(name).connectionConfig(DATABASE, APP);
  }

  /** Asks once, as a superuser. */
  public async ask<Row>(name: string, query: string): Promise<readonly Row[]> {
    const client = new Client(this.server(name).controlConfig(DATABASE));
    await client.connect();
    const { rows } = await client.query(query).finally(() => client.end());
    return rows as Row[];
  }

  /** Has several connections write to `where()` until they are stopped, at the latest by {@link close}. */
  public write(where: () => string): Writers {
    const writers = new Writers(() => this.loginOf(where()));
    this.writers.push(writers);
    return writers;
  }

  /** Has the primary note that its commits wait for `names`, as its host does. */
  public async note(names: string): Promise<void> {
    await this.ask(PRIMARY, noteWaitedFor(DATABASE, names).text);
  }

  /** Waits until `names` have replayed all that `from` has written. */
  public async untilReplayed(from: string, names: readonly string[]): Promise<void> {
    const [end] = await this.ask<{ lsn: string }>(from, 'SELECT pg_current_wal_flush_lsn() AS lsn');
    for (const name of names) {
      await eventually(async () => {
        const [row] = await this.ask<{ done: boolean }>(
          name,
          `SELECT pg_last_wal_replay_lsn() >= '${end?.lsn}' AS done`,
        );
        return row?.done === true;
      });
    }
  }

  /** Has the primary send its log to nobody any more. */
  public async cutOff(): Promise<void> {
    await this.server(PRIMARY).setHba(['hostssl all all 127.0.0.1/32 scram-sha-256']);
    await this.ask(PRIMARY, 'SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
  }

  /** The rows that `name` has of what was written. */
  public async rows(name: string): Promise<readonly number[]> {
    const rows = await this.ask<{ id: string }>(name, 'SELECT id FROM t ORDER BY 1');
    return rows.map(({ id }) => Number(id));
  }

  /** Ends the sessions that were given. */
  public async endClients(): Promise<void> {
    await Promise.allSettled(this.clients.map((client) => client.end()));
  }

  public async close(): Promise<void> {
    await Promise.all(this.writers.map((writers) => writers.stop()));
    await this.endClients();
    await this.workspace.dispose();
  }

  private async connected(config: ClientConfig): Promise<Client> {
    const client = new Client(config);
    client.on('error', () => undefined);
    await client.connect();
    this.clients.push(client);
    return client;
  }

  private connection(name: string, server: Server): Record<string, unknown> {
    return {
      server: name,
      host: 'localhost',
      port: server.port,
      database: DATABASE,
      secret: `secret of ${name}`,
      caCertificate: server.caCertificate,
    };
  }
}

async function build(workspace: Workspace, options: ClusterOptions): Promise<ClusterLab> {
  const { major, standbys = 3, synchronous, settings: given } = options;
  const names = Array.from({ length: standbys }, (_, index) => `replica${index + 1}`);
  const vm = { platform: Platform.OCI_VM, majorVersion: major, database: DATABASE };
  const topology = createTopology({
    servers: {
      [PRIMARY]: { ...vm, ...(synchronous === undefined ? {} : { synchronous }) },
      ...Object.fromEntries(names.map((name) => [name, vm])),
    },
    links: names.map((to) => ({ kind: LinkKind.PHYSICAL, from: PRIMARY, to })),
  });
  const settingsOf = (name: string): Record<string, string> => {
    const derived = settingsByName(deriveSettings(topology, name));
    const settings: Record<string, string> = { ...derived, ...given };
    // Nobody is there to wait for while the standbys are made.
    delete settings.synchronous_standby_names;
    return settings;
  };
  const primary = await createServer(workspace, {
    name: PRIMARY,
    major,
    settings: settingsOf(PRIMARY),
  });
  await primary.start();
  const role = { user: 'pontoon_standby', password: 'streams' };
  const made = new Map([[PRIMARY, primary]]);
  await prepare(primary, role);
  for (const name of names) {
    const { server } = await createStandby(workspace, {
      name,
      upstream: primary,
      role,
      slot: `pontoon_${name}`,
      settings: settingsOf(name),
    });
    await server.start();
    made.set(name, server);
  }
  const { synchronous_standby_names: waitsFor } = settingsByName(deriveSettings(topology, PRIMARY));
  const lab = ClusterLab.over(workspace, topology, made);
  if (waitsFor !== undefined) {
    await primary.configure({ synchronous_standby_names: waitsFor });
    await lab.note(waitsFor);
  }
  await lab.untilReplayed(PRIMARY, names);
  return lab;
}

async function prepare(
  primary: Server,
  role: { readonly user: string; readonly password: string },
): Promise<void> {
  const root = new Client(primary.controlConfig());
  await root.connect();
  await root.query(`CREATE ROLE ${role.user} LOGIN REPLICATION PASSWORD '${role.password}'`);
  await root.query(`CREATE ROLE app LOGIN PASSWORD 'app'`);
  await root.query(`CREATE DATABASE ${DATABASE} OWNER app`);
  await root.end();
  const owner = new Client(primary.controlConfig(DATABASE));
  await owner.connect();
  await owner.query('CREATE TABLE t (id bigint PRIMARY KEY, by int)');
  await owner.query('ALTER TABLE t OWNER TO app');
  await owner.end();
}
