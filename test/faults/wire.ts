import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The network between two servers: a port that leads to another, and that can be cut. */
export class Wire {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private readonly held = new Set<Socket>();
  private whole = true;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => {
      client.on('error', () => undefined);
      if (this.whole) this.lead(client);
      else this.held.add(client);
    });
  }

  /** A wire to `target`, a port of the loopback interface. */
  public static async to(target: number): Promise<Wire> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    return new Wire(server, target);
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on nothing gets through, and nobody is told: neither an end nor a reset. */
  public cut(): void {
    this.whole = false;
    for (const [client, upstream] of this.pairs) {
      client.unpipe(upstream).pause();
      upstream.unpipe(client).pause();
    }
  }

  /** What was on its way arrives, as after packets were sent again. */
  public heal(): void {
    this.whole = true;
    for (const [client, upstream] of this.pairs) join(client, upstream);
    for (const client of this.held) this.lead(client);
    this.held.clear();
  }

  /** Ends every connection by a reset; new ones get through. */
  public reset(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  public async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    for (const socket of this.held) socket.destroy();
    await closed;
  }

  private lead(client: Socket): void {
    const upstream = connect({ host: '127.0.0.1', port: this.target, noDelay: true });
    upstream.on('error', () => undefined);
    const pair = [client, upstream] as const;
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.once('close', end);
    upstream.once('close', end);
    upstream.once('connect', () => {
      if (this.whole) join(client, upstream);
    });
  }
}

function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
}
