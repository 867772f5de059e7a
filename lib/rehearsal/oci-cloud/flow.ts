import { connect, type Socket } from 'node:net';
import type { TcpTarget } from '../endpoint';

/** A connection of a client, and what it was led to. */
export class Flow {
  private upstream: Socket | undefined;
  private stalled = false;

  constructor(
    public readonly client: Socket,
    /** Milliseconds of silence after which the connection is forgotten. */
    idleTimeoutMs: number,
  ) {
    // The 'close' that follows is what counts.
    client.on('error', () => undefined);
    client.setTimeout(idleTimeoutMs, () => this.forget());
    client.once('close', () => this.upstream?.destroy());
  }

  /** Whether the client was led anywhere yet. */
  public get isLed(): boolean {
    return this.upstream !== undefined;
  }

  /** Leads the client to `target`. */
  public lead(target: TcpTarget): void {
    const upstream = connect({ host: target.host, port: target.port, noDelay: true });
    this.upstream = upstream;
    upstream.on('error', () => undefined);
    upstream.once('close', () => this.client.destroy());
    upstream.once('connect', () => {
      if (!this.stalled) this.join(upstream);
    });
  }

  /** Lets nothing pass, or lets everything pass again. */
  public stall(stalled: boolean): void {
    const { client, upstream } = this;
    if (stalled === this.stalled) return;
    this.stalled = stalled;
    if (upstream === undefined || upstream.connecting) return;
    if (!stalled) {
      this.join(upstream);
      return;
    }
    client.unpipe(upstream).pause();
    upstream.unpipe(client).pause();
  }

  /** Answers whatever comes next with a reset. */
  public forget(): void {
    this.client.resetAndDestroy();
    this.upstream?.resetAndDestroy();
  }

  private join(upstream: Socket): void {
    this.client.pipe(upstream);
    upstream.pipe(this.client);
  }
}
