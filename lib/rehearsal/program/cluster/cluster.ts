import {
  clusterOf,
  memberSlot,
  noteWaitedFor,
  PontoonError,
  plainTopology,
  quoteIdentifier,
  quoteLiteral,
  type SecretStore,
  serverOf,
  type Topology,
} from '../../../postgres';
import { scramVerifier, staticSecrets, waitUntil } from '../../../runner';
import type { CommonContext } from '../../context';
import {
  createServer,
  createStandby,
  LOOPBACK_HBA,
  randomPassword,
  type Server,
  type Shim,
  type StandIn,
  type Superuser,
  withStatementLibrary,
} from '../../servers';
import { asSuperuser, exactVersion, OWNER } from '../../source';
import type { ClusterHost } from './cluster-hosts';
import { hasSlot, untilReplayed } from './log';

/** What takes the place of the hosts of a cluster. */
export const CLUSTER_HOSTS_STAND_IN: StandIn = {
  name: 'the virtual machines of the cluster',
  reason: 'there are none; each server runs on this machine, with the settings of its user data',
  behaviours: [
    'each server has the settings and the access rules that its host is told',
    'replicas copy the primary, and stream from it by a slot each',
    'the primary notes in its database whom its commits wait for',
  ],
  notReproduced: [
    'the boot of the host, whose script is tested by itself',
    'regions, and the time that a packet takes from one to another',
    'the archive of the log',
  ],
};

const STREAMING_MS = 60_000;

/** Settings that call scripts of the host, which are not here. */
const SCRIPTED = ['archive_mode', 'archive_command', 'archive_timeout', 'restore_command'];

/** The servers of a streaming cluster, started as their hosts would. */
export class Cluster {
  /** The servers as they are now. */
  public readonly servers = new Map<string, Server>();
  /** All that were ever started. */
  public readonly started: { readonly name: string; readonly server: Server }[] = [];
  public readonly shims: Shim[] = [];
  public readonly standIns: StandIn[] = [CLUSTER_HOSTS_STAND_IN];
  /** All names; the primary of the program comes first. */
  public readonly members: readonly string[];
  public readonly database: string;
  private readonly role: Superuser = { user: 'pontoon_standby', password: randomPassword() };

  constructor(
    public readonly context: CommonContext,
    private readonly topology: Topology,
    private readonly hosts: ReadonlyMap<string, ClusterHost>,
    primary: string,
  ) {
    this.members = clusterOf(topology, primary);
    this.database = serverOf(topology, primary).database;
  }

  /** The server called `name`. Throws a PontoonError unless it was started. */
  public server(name: string): Server {
    const server = this.servers.get(name);
    if (server !== undefined) return server;
    throw new PontoonError(
      'NO_SERVER',
      `server '${name}' must have been started, got none; look at what failed before`,
    );
  }

  /** Every secret that was used. */
  public secrets(): readonly string[] {
    const superusers = [...this.servers.values()].map(({ superuser }) => superuser.password);
    return [this.role.password, ...superusers];
  }

  /** Starts the primary, with an empty database. */
  public async startPrimary(): Promise<Server> {
    const [name = ''] = this.members;
    const { workspace } = this.context;
    const { majorVersion: major } = serverOf(this.topology, name);
    const settings = await this.settingsOf(name);
    const { synchronous_standby_names: _, ...alone } = settings;
    const server = await createServer(workspace, {
      name,
      major,
      settings: alone,
      hba: this.hbaOf(name),
    });
    await server.start();
    await asSuperuser(server, 'postgres', async (client) => {
      await client.query(`CREATE ROLE ${OWNER}`);
      await client.query(
        `CREATE ROLE ${quoteIdentifier(this.role.user)} LOGIN REPLICATION PASSWORD ${quoteLiteral(scramVerifier(this.role.password))}`,
      );
      await client.query(`CREATE DATABASE ${quoteIdentifier(this.database)} OWNER ${OWNER}`);
    });
    this.keep(name, server);
    await this.report(name, server, 'primary');
    return server;
  }

  /** Has every other server copy the primary and follow it, and the primary wait as told, and note it. */
  public async startReplicas(): Promise<void> {
    const [primary = '', ...replicas] = this.members;
    for (const name of replicas) {
      this.context.recorder.progress(`copying '${name}'`);
      await this.follow(name, primary);
    }
    const { synchronous_standby_names: waitsFor } = await this.settingsOf(primary);
    if (waitsFor === undefined) return;
    const server = this.server(primary);
    await server.configure({ synchronous_standby_names: waitsFor });
    const { text } = noteWaitedFor(this.database, waitsFor);
    await asSuperuser(server, this.database, async (client) => client.query(text));
  }

  /** Makes `name` a fresh copy of `upstream` that streams from it. */
  public async follow(name: string, upstream: string): Promise<Server> {
    const { workspace } = this.context;
    const slot = memberSlot(this.topology, name);
    const source = this.server(upstream);
    const { synchronous_standby_names: _, ...settings } = await this.settingsOf(name);
    const { server, standIn } = await createStandby(workspace, {
      name,
      upstream: source,
      role: this.role,
      slot,
      createSlot: !(await hasSlot(source, slot)),
      settings,
      hba: this.hbaOf(name),
    });
    if (standIn !== undefined && !this.standIns.includes(standIn)) this.standIns.push(standIn);
    await server.start();
    const rejoins = this.servers.has(name);
    this.keep(name, server);
    await this.untilStreaming(upstream, [name]);
    if (!rejoins) await this.report(name, server, 'standby');
    return server;
  }

  /** Waits until `names` stream from `upstream` under their own names. */
  public async untilStreaming(upstream: string, names: readonly string[]): Promise<void> {
    await asSuperuser(this.server(upstream), 'postgres', async (client) => {
      await waitUntil({
        what: `${names.map((name) => `'${name}'`).join(', ')} must stream from '${upstream}'`,
        wayOut: 'look at the logs of the servers',
        deadlineMs: STREAMING_MS,
        probe: async () => {
          const { rows } = await client.query<{ name: string }>(
            `SELECT application_name AS name FROM pg_stat_replication WHERE state = 'streaming'`,
          );
          const streaming = rows.map(({ name }) => name);
          const missing = names.filter((name) => !streaming.includes(name));
          return missing.length === 0
            ? { done: true, value: undefined }
            : { done: false, reason: `${missing.join(', ')} missing` };
        },
      });
    });
  }

  /** Waits until `names` have replayed all that `writer` has written. */
  public async untilReplayed(writer: string, names: readonly string[]): Promise<void> {
    await untilReplayed(
      this.server(writer),
      names.map((name) => this.server(name)),
    );
  }

  /** All but `writer`. */
  public othersOf(writer: string): readonly string[] {
    return this.members.filter((name) => name !== writer);
  }

  /** Where the logins of {@link promotion} are kept. */
  public get logins(): SecretStore {
    return staticSecrets(
      Object.fromEntries(
        [...this.servers].map(([name, { superuser }]) => [
          name,
          { username: superuser.user, password: superuser.password },
        ]),
      ),
    );
  }

  /** What `pontoon promote` is told of this cluster. */
  public promotion(lastKnown?: string): Readonly<Record<string, unknown>> {
    const connections = [...this.servers].map(([name, server]) => [
      name,
      {
        server: name,
        // libpq before PostgreSQL 15 finds no address in a certificate, but names.
        host: 'localhost',
        port: server.port,
        database: this.database,
        secret: name,
        caCertificate: server.caCertificate,
      },
    ]);
    return {
      topology: plainTopology(this.topology),
      connections: Object.fromEntries(connections),
      ...(lastKnown === undefined ? {} : { lastKnown }),
    };
  }

  private async settingsOf(name: string): Promise<Readonly<Record<string, string>>> {
    const given = Object.entries(this.hosts.get(name)?.settings ?? {});
    const kept = given.filter(([setting]) => !SCRIPTED.includes(setting));
    if (kept.length < given.length) this.shims.push(NO_ARCHIVE);
    return await withStatementLibrary(
      serverOf(this.topology, name).majorVersion,
      Object.fromEntries(kept),
    );
  }

  private hbaOf(name: string): readonly string[] {
    const lines = this.hosts.get(name)?.hba ?? [];
    return [...lines.filter((line) => line.startsWith('hostssl')), ...LOOPBACK_HBA];
  }

  private keep(name: string, server: Server): void {
    this.servers.set(name, server);
    this.started.push({ name, server });
    this.shims.push(...server.shims);
  }

  private async report(name: string, server: Server, role: string): Promise<void> {
    const version = await exactVersion(server);
    this.context.findings.servers.push({ name, server, role, version });
  }
}

const NO_ARCHIVE: Shim = {
  name: 'the log is not archived, and nothing is restored from an archive',
  reason: 'the scripts of the host that do so write to Object Storage, which is not here',
};
