import { type ChildProcess, execFileSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { createServer, Workspace } from '../../lib/rehearsal/servers';
import { serverBinaries } from '../../lib/rehearsal/servers/staging';

const PORT = 5432;

/** Why hosts cannot be made here, or undefined if they can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const probe =
    'ip link add probe0 type bridge && ip link add probe1 type veth peer name probe2 && nsenter --version && setpriv --version';
  try {
    execFileSync('unshare', ['--net', 'sh', '-c', probe], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'needs ip, unshare, nsenter, setpriv and the right to make namespaces and bridges';
  }
}

/** A login that a client host tries. */
export interface Login {
  readonly user: string;
  readonly database: string;
  /** @default - the right one */
  readonly password?: string;
  /** @default true */
  readonly tls?: boolean;
  /** The replication protocol: `true` is physical, `database` logical. */
  readonly replication?: 'true' | 'database';
}

/** A server with a host of its own. */
export interface HostServer {
  readonly address: string;
  readonly name: string;
  readonly caCertificate: string;
  /** A superuser's connection through the server's socket, which no line of `hba` is needed for. */
  readonly superuser: Client;
}

interface Answering {
  readonly process: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

/**
 * Hosts on one wire, each a network namespace with one address. The namespaces have no names: each
 * is gone when the last process in it ends, so that nothing is left behind and no two runs collide.
 */
export class Site {
  public readonly password = 'Correct-horse-1';
  private readonly clients = new Map<string, Promise<Answering>>();
  /** Processes that hold the namespaces of the servers' hosts, by address. */
  private readonly servers = new Map<string, number>();
  private readonly connections: Client[] = [];
  private ports = 0;

  private constructor(
    private readonly workspace: Workspace,
    private readonly wire: number,
  ) {}

  public static async open(): Promise<Site> {
    const workspace = await Workspace.open();
    const wire = await answering(workspace, ['sh', '-c', 'echo ready; exec cat']);
    ip(pidOf(wire), 'link add br0 type bridge\nlink set br0 up\n');
    return new Site(workspace, pidOf(wire));
  }

  public async close(): Promise<void> {
    await Promise.all(this.connections.map((client) => client.end()));
    await this.workspace.dispose();
  }

  /** Starts a server that listens on `address` only, with `hba` as its only lines for TCP. */
  public async serve(options: {
    readonly address: string;
    readonly name: string;
    readonly major: number;
    readonly hba: readonly string[];
  }): Promise<HostServer> {
    const { workspace } = this;
    const { address, name, major, hba } = options;
    const settings = { wal_level: 'logical' };
    const hostNames = [address, name];
    const server = await createServer(workspace, { name, major, hba, settings, hostNames });
    const host = await this.host(address, ['sh', '-c', 'echo ready; exec cat']);
    this.servers.set(address, pidOf(host));
    const log = openSync(server.logFile, 'a');
    const { uid, gid } = workspace.account ?? { uid: 0, gid: 0 };
    const account = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const postgres = join(await serverBinaries(workspace, major), 'postgres');
    const listen = ['-c', `listen_addresses=${address}`, '-c', `port=${PORT}`];
    const arguments_ = [...account, postgres, '-D', server.dataDirectory, ...listen];
    workspace.spawn('nsenter', ['-t', String(pidOf(host)), '--net', ...arguments_], {
      stdio: ['ignore', log, log],
      stopSignal: 'SIGQUIT',
    });
    const superuser = await connected(
      () => new Client({ ...server.controlConfig(), port: PORT }),
      () => readFileSync(server.logFile, 'utf8'),
    );
    this.connections.push(superuser);
    return { address, name, caCertificate: server.caCertificate, superuser };
  }

  /** What becomes of a login from a host with the address `from`: `in, …`, or the server's refusal. */
  public async logIn(from: string, to: HostServer, login: Login): Promise<string> {
    const client = this.clients.get(from) ?? this.client(from);
    this.clients.set(from, client);
    const { process: child, lines } = await client;
    const { tls = true, ...rest } = login;
    const ssl = tls ? { ca: to.caCertificate, servername: to.name } : false;
    const config = { host: to.address, port: PORT, password: this.password, ...rest, ssl };
    child.stdin?.write(`${JSON.stringify(config)}\n`);
    return nextLine(lines);
  }

  /** A program that logs in, on the server's own host if one has the address. */
  private client(address: string): Promise<Answering> {
    const script = [process.execPath, join(__dirname, 'log-in.cjs')];
    const server = this.servers.get(address);
    if (server === undefined) return this.host(address, script);
    return answering(this.workspace, script, ['nsenter', '-t', String(server), '--net']);
  }

  private async host(address: string, command: readonly string[]): Promise<Answering> {
    this.ports += 1;
    const port = `v${this.ports}`;
    const host = await answering(this.workspace, command);
    const plug = `link add ${port} type veth peer name eth0 netns ${pidOf(host)}`;
    ip(this.wire, `${plug}\nlink set ${port} master br0 up\n`);
    const route = 'link set eth0 up\nroute add default dev eth0';
    ip(pidOf(host), `link set lo up\naddr add ${address}/32 dev eth0\n${route}\n`);
    return host;
  }
}

/** Starts `command`, by default in a namespace of its own, and waits until it says that it is there. */
async function answering(
  workspace: Workspace,
  command: readonly string[],
  [enter = '', ...where]: readonly string[] = ['unshare', '--net'],
): Promise<Answering> {
  const child = workspace.spawn(enter, [...where, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('a host without an output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await nextLine(lines, (line) => line);
  return { process: child, lines };
}

async function nextLine(
  lines: AsyncIterator<string>,
  parse: (line: string) => string = (line) => String(JSON.parse(line)),
): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('a host ended without an answer');
  return parse(value);
}

async function connected(make: () => Client, log: () => string): Promise<Client> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const client = make();
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`no server: ${log()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function pidOf({ process: child }: Answering): number {
  if (child.pid === undefined) throw new Error('a host that did not start');
  return child.pid;
}

function ip(pid: number, batch: string): void {
  const enter = ['-t', String(pid), '--net', 'ip', '-batch', '-'];
  execFileSync('nsenter', enter, { input: batch, stdio: ['pipe', 'pipe', 'pipe'] });
}
