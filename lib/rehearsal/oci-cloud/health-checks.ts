import { connect } from 'node:net';
import type { TcpTarget } from '../endpoint';
import type { LoadBalancerBackend, LoadBalancerBackendSet } from './backend-set';

/** Where a backend listens on this machine; undefined if nothing does. */
export type BackendResolver = (backend: LoadBalancerBackend) => TcpTarget | undefined;

interface Health {
  readonly healthy: boolean;
  /** How many checks in a row said otherwise. */
  readonly against: number;
}

/** Asks each backend of a set whether its port is open. That is all that TCP tells: a standby passes as well. */
export class HealthChecks {
  private readonly known = new Map<string, Health>();
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly set: () => LoadBalancerBackendSet,
    private readonly resolve: BackendResolver,
  ) {
    this.checkNext();
  }

  /** Whether a backend passed; one that was not asked yet did. */
  public isHealthy({ name }: LoadBalancerBackend): boolean {
    return this.known.get(name)?.healthy ?? true;
  }

  /** Asks no more, and returns when nothing is asked. */
  public async end(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.checking;
  }

  private checkNext(): void {
    this.checking = this.checkAll().then(() => {
      if (this.ended) return;
      this.timer = setTimeout(() => this.checkNext(), this.set().healthChecker.intervalInMillis);
    });
  }

  private async checkAll(): Promise<void> {
    const { backends, healthChecker } = this.set();
    const { timeoutInMillis, retries } = healthChecker;
    const answers = backends.map(async (backend) => {
      const target = this.resolve(backend);
      const open = target !== undefined && (await isOpen(target, timeoutInMillis));
      this.note(backend.name, open, retries);
    });
    await Promise.all(answers);
  }

  private note(name: string, open: boolean, retries: number): void {
    const { healthy, against } = this.known.get(name) ?? { healthy: true, against: 0 };
    if (open === healthy) this.known.set(name, { healthy, against: 0 });
    else if (against + 1 >= retries) this.known.set(name, { healthy: open, against: 0 });
    else this.known.set(name, { healthy, against: against + 1 });
  }
}

async function isOpen(target: TcpTarget, timeoutMs: number): Promise<boolean> {
  const socket = connect({ host: target.host, port: target.port });
  try {
    return await new Promise<boolean>((resolve) => {
      socket.setTimeout(timeoutMs, () => resolve(false));
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
