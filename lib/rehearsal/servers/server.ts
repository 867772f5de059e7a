import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { PontoonError } from '../../postgres';
import { authorityCertificate, serverCertificate } from './certificates';
import {
  type ForcedSettings,
  forcedSettings,
  LOOPBACK_HBA,
  renderHba,
  renderSettings,
  settingShims,
} from './configuration';
import { OWN_SETTINGS_FILE, type Superuser } from './data-directory';
import { freePort } from './ports';
import { startPostmaster, stopPostmaster } from './postmaster';
import { reload } from './reload';
import type { Shim } from './shims';
import { type Workspace, writeOwn } from './workspace';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;
const RETRY_MS = 100;

/** A server of the rehearsal. */
export interface ServerOptions {
  /** The server's name in the topology. */
  readonly name: string;
  /** The PostgreSQL major version. */
  readonly major: number;
  /** Settings as a template gives them. @default - PostgreSQL's own defaults */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf. @default - every role from 127.0.0.1, by TLS and SCRAM */
  readonly hba?: readonly string[];
  /** Further names and addresses in the server's certificate. @default - none */
  readonly hostNames?: readonly string[];
}

/** What making a server's data directory decided. */
export interface ServerParts {
  readonly workspace: Workspace;
  /** The server's directory, with `data` in it. */
  readonly directory: string;
  /** The directory with the `postgres` program. */
  readonly binaries: string;
  readonly superuser: Superuser;
}

/** A real PostgreSQL server on this machine. */
export class Server {
  /** The server's name in the topology. */
  public readonly name: string;
  /** The PostgreSQL major version. */
  public readonly major: number;
  /** Always 127.0.0.1. */
  public readonly host = '127.0.0.1';
  /** The file that the server logs to. */
  public readonly logFile: string;
  /** The data directory. */
  public readonly dataDirectory: string;
  /** A directory with a socket through which only {@link superuser} gets in, whatever pg_hba says. */
  public readonly socketDirectory: string;
  /** The file with {@link caCertificate}, for `sslrootcert` in what servers connect with. */
  public readonly caCertificateFile: string;
  /** A role that may do everything. */
  public readonly superuser: Superuser;

  private postmaster: ChildProcess | undefined;
  private everStarted = false;
  private settings: Readonly<Record<string, string>> = {};

  private constructor(
    private readonly parts: ServerParts,
    options: ServerOptions,
    /** The certificate in PEM by which clients verify the server. */
    public readonly caCertificate: string,
    private tcpPort: number,
  ) {
    this.name = options.name;
    this.major = options.major;
    this.superuser = parts.superuser;
    this.dataDirectory = join(parts.directory, 'data');
    this.socketDirectory = parts.directory;
    this.logFile = join(parts.directory, 'log');
    this.caCertificateFile = join(parts.directory, 'ca.crt');
  }

  /** Makes a server out of a data directory; it is not started. */
  public static async over(parts: ServerParts, options: ServerOptions): Promise<Server> {
    const { workspace, directory } = parts;
    const pair = await serverCertificate(workspace, options.name, options.hostNames ?? []);
    await writeOwn(workspace, join(directory, 'server.crt'), pair.certificate);
    await writeOwn(workspace, join(directory, 'server.key'), pair.privateKey);
    await writeOwn(workspace, join(directory, 'log'), '');
    const ca = await authorityCertificate(workspace);
    const server = new Server(parts, options, ca, await freePort());
    await writeOwn(workspace, server.caCertificateFile, ca);
    await server.writeSettings(options.settings ?? {});
    await server.writeHba(options.hba ?? LOOPBACK_HBA);
    return server;
  }

  /** The port, which stays the same from the first start on. */
  public get port(): number {
    return this.tcpPort;
  }

  /** The postmaster's process number, or undefined while the server is stopped. */
  public get pid(): number | undefined {
    return this.isRunning() ? this.postmaster?.pid : undefined;
  }

  /** What differs from the server of the topology, because it runs in a rehearsal. */
  public get shims(): readonly Shim[] {
    return settingShims(this.forced(), this.settings);
  }

  /** Starts the server and waits until it accepts connections. */
  public async start(): Promise<void> {
    if (this.isRunning()) return;
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const started = await startPostmaster(this.parts.workspace, {
        program: join(this.parts.binaries, 'postgres'),
        dataDirectory: this.dataDirectory,
        logFile: this.logFile,
        settings: valuesOf(this.forced()),
        deadline,
      });
      if ('process' in started) {
        this.postmaster = started.process;
        this.everStarted = true;
        return;
      }
      if (Date.now() > deadline) throw this.cannotStart(started.obstacle);
      // Others may know the port of a server that once ran; a new one just takes another.
      if (started.obstacle === 'port-taken' && !this.everStarted) await this.changePort();
      else await delay(RETRY_MS);
    }
  }

  /** Stops the server: `fast` ends sessions and writes a checkpoint, `immediate` does neither. */
  public async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.signal(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  }

  /** Stops the server (`fast`) and starts it again. */
  public async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Kills the postmaster as a power failure would. {@link start} waits for what it leaves behind. */
  public async kill(): Promise<void> {
    await this.signal('SIGKILL');
  }

  /**
   * Changes settings; others stay as they are. A running server reloads them.
   * Returns the settings that wait for a restart.
   */
  public async configure(settings: Readonly<Record<string, string>>): Promise<readonly string[]> {
    await this.writeSettings({ ...this.settings, ...settings });
    return this.isRunning() ? reload(this) : [];
  }

  /** Replaces the lines of pg_hba.conf. A running server reloads them. */
  public async setHba(lines: readonly string[]): Promise<void> {
    await this.writeHba(lines);
    if (this.isRunning()) await reload(this);
  }

  /** How the superuser, or `as`, connects through TCP with the server's certificate verified. */
  public connectionConfig(database = 'postgres', as: Superuser = this.superuser): ClientConfig {
    return {
      host: this.host,
      port: this.port,
      database,
      ...as,
      // Node verifies 'localhost' unless it is told the address.
      ssl: { ca: this.caCertificate, host: this.host },
    };
  }

  /** How the superuser connects through the server's socket, whatever pg_hba says. */
  public controlConfig(database = 'postgres'): ClientConfig {
    return { host: this.socketDirectory, port: this.port, database, ...this.superuser };
  }

  private isRunning(): boolean {
    return this.postmaster?.exitCode === null && this.postmaster.signalCode === null;
  }

  private async signal(signal: NodeJS.Signals): Promise<void> {
    if (this.postmaster === undefined) return;
    await stopPostmaster(this.postmaster, { signal, deadline: Date.now() + STOP_TIMEOUT_MS });
  }

  private forced(): ForcedSettings {
    const { directory } = this.parts;
    return forcedSettings({
      port: this.tcpPort,
      socketDirectory: this.socketDirectory,
      hbaFile: join(directory, 'pg_hba.conf'),
      certificateFile: join(directory, 'server.crt'),
      keyFile: join(directory, 'server.key'),
    });
  }

  private async changePort(): Promise<void> {
    this.tcpPort = await freePort();
    await this.writeSettings(this.settings);
  }

  private async writeSettings(settings: Readonly<Record<string, string>>): Promise<void> {
    // The forced ones too: one that differed from the command line would seem to wait for a restart.
    const text = renderSettings({ ...settings, ...valuesOf(this.forced()) });
    await writeOwn(this.parts.workspace, join(this.dataDirectory, OWN_SETTINGS_FILE), text);
    this.settings = settings;
  }

  private async writeHba(lines: readonly string[]): Promise<void> {
    const file = join(this.parts.directory, 'pg_hba.conf');
    await writeOwn(this.parts.workspace, file, renderHba(this.superuser.user, lines));
  }

  private cannotStart(obstacle: string): PontoonError {
    return new PontoonError(
      'SERVER_NOT_STARTED',
      `server ${JSON.stringify(this.name)} must get its port and memory before the deadline, got '${obstacle}'; end the process that holds port ${this.port}`,
    );
  }
}

function valuesOf(forced: ForcedSettings): Record<string, string> {
  return Object.fromEntries(Object.entries(forced).map(([name, { value }]) => [name, value]));
}
