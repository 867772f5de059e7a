import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { StandIn } from '../servers';

/** What takes the place of the address that applications connect to. Each behaviour is the name of a test. */
export const TCP_ENDPOINT_STAND_IN: StandIn = {
  name: "the applications' endpoint",
  reason:
    'names of the template are not known to the resolver of this machine; applications connect to a local port, which asks what the record, secret or proxy says',
  behaviours: [
    'a new connection goes where the endpoint leads at that moment',
    'a connection that was made stays with its server',
    'a connection ends with its server, and with its client',
    'a connection is cut at once while there is no server, or none that listens',
  ],
  notReproduced: [
    'resolvers and connection pools that remember an address for a while',
    'applications that read their address once, when they start',
  ],
};

/** Where a connection goes. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
}

/** The server that new connections go to; undefined if there is none. */
export type EndpointResolver = () => Promise<TcpTarget | undefined>;

/** A stand-in for what applications connect to: a port that leads each new connection where a resolver says. */
export class TcpEndpoint {
  /** Always 127.0.0.1. */
  public readonly host = '127.0.0.1';
  private readonly sockets = new Set<Socket>();
  private failure: Error | undefined;

  private constructor(
    private readonly server: NetServer,
    private readonly resolve: EndpointResolver,
  ) {
    server.on('connection', (client) => void this.lead(client));
  }

  /** Listens on a free port of the loopback interface. */
  public static async start(resolve: EndpointResolver): Promise<TcpEndpoint> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    await new Promise<void>((listening, failed) => {
      server.once('error', failed);
      server.listen(0, '127.0.0.1', listening);
    });
    return new TcpEndpoint(server, resolve);
  }

  /** The port that applications connect to. */
  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What the resolver failed with last; such connections were cut. */
  public get lastFailure(): Error | undefined {
    return this.failure;
  }

  /** Stops listening, and cuts all connections. */
  public async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async lead(client: Socket): Promise<void> {
    this.keep(client);
    const target = await this.resolve().catch((error: Error) => {
      this.failure = error;
      return undefined;
    });
    if (target === undefined || client.destroyed) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: target.host, port: target.port, noDelay: true });
    this.keep(upstream);
    // A broken side is the other side's end; pipes alone would leave it open.
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
    upstream.once('connect', () => {
      client.pipe(upstream);
      upstream.pipe(client);
    });
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    // The 'close' that follows is what counts.
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }
}
