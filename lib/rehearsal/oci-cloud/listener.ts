import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { LoadBalancerBackend, LoadBalancerBackendSet } from './backend-set';
import { Flow } from './flow';
import { type BackendResolver, HealthChecks } from './health-checks';

/** What a listener is made with. */
export interface ListenerOptions {
  readonly backendSet: LoadBalancerBackendSet;
  readonly resolve: BackendResolver;
  /** @default 360000, as the service has it */
  readonly idleTimeoutMs?: number;
}

const IDLE_TIMEOUT_MS = 360_000;
/** When a client repeats a SYN that nobody answered, in milliseconds after the first. */
const REPEATS_MS = [1_000, 3_000, 7_000, 15_000, 31_000, 63_000];

/** What passes through a network load balancer: a port of this machine that leads to the backends of a set. */
export class LoadBalancerListener {
  private readonly flows = new Map<Flow, LoadBalancerBackend | undefined>();
  private readonly checks: HealthChecks;
  private set: LoadBalancerBackendSet;

  private constructor(
    private readonly server: Server,
    private readonly options: ListenerOptions,
  ) {
    this.set = options.backendSet;
    this.checks = new HealthChecks(() => this.set, options.resolve);
    server.on('connection', (client) => this.take(client));
  }

  /** Listens on a free port of the loopback interface. */
  public static async start(options: ListenerOptions): Promise<LoadBalancerListener> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    await new Promise<void>((listening, failed) => {
      server.once('error', failed);
      server.listen(0, '127.0.0.1', listening);
    });
    return new LoadBalancerListener(server, options);
  }

  /** The port that applications connect to, at 127.0.0.1. */
  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Has the backends be those of `set` from now on, all at once. */
  public update(set: LoadBalancerBackendSet): void {
    this.set = set;
    for (const [flow, backend] of this.flows) {
      const now = set.backends.find(({ name }) => name === backend?.name);
      if (backend !== undefined) flow.stall(now?.isOffline ?? true);
    }
  }

  /** Stops listening, and cuts all connections. */
  public async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const flow of this.flows.keys()) flow.forget();
    await Promise.all([closed, this.checks.end()]);
  }

  private take(client: Socket): void {
    const flow = new Flow(client, this.options.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
    this.flows.set(flow, undefined);
    client.once('close', () => this.flows.delete(flow));
    this.lead(flow);
    // The kernel has answered the client already; it is led when its SYN would have been repeated.
    for (const [repeat, at] of flow.isLed ? [] : REPEATS_MS.entries()) {
      const timer = setTimeout(() => {
        if (!flow.isLed) this.lead(flow);
        if (!flow.isLed && repeat === REPEATS_MS.length - 1) flow.forget();
      }, at);
      client.once('close', () => clearTimeout(timer));
    }
  }

  private lead(flow: Flow): void {
    const backend = this.choose(flow.client);
    const target = backend === undefined ? undefined : this.options.resolve(backend);
    // Backends that are given by address answer a preserved source directly, past the load balancer.
    if (target === undefined || this.set.isPreserveSource || flow.client.destroyed) return;
    this.flows.set(flow, backend);
    flow.lead(target);
  }

  private choose({ remotePort = 0 }: Socket): LoadBalancerBackend | undefined {
    const { backends, isFailOpen } = this.set;
    const online = backends.filter(({ isOffline, isDrain }) => !isOffline && !isDrain);
    const healthy = online.filter((backend) => this.checks.isHealthy(backend));
    const first = healthy.filter(({ isBackup }) => !isBackup);
    const backups = first.length > 0 ? first : healthy;
    const eligible = backups.length === 0 && isFailOpen ? online : backups;
    return eligible[remotePort % Math.max(eligible.length, 1)];
  }
}
