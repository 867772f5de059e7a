import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OciServiceError } from './oci-error';

/** A call as a service gets it. */
export interface OciCall {
  /** What the groups of the route's path matched, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** What a service answers. */
export interface OciAnswer {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of a service. */
export interface OciRoute {
  readonly method: 'GET' | 'PUT';
  /** Matches the whole path, with its version. */
  readonly path: RegExp;
  readonly answer: (call: OciCall) => OciAnswer | Promise<OciAnswer>;
}

/**
 * A stand-in for the endpoints of OCI services: one HTTP server for PONTOON_OCI_ENDPOINT. A call without a signature is
 * refused, and so is what no route was added for, which is recorded as unknown.
 */
export class OciEndpointStandIn {
  private readonly routes: OciRoute[] = [];
  private readonly unknown = new Set<string>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.serve(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  /** Listens on a free port of the loopback interface. */
  public static async start(): Promise<OciEndpointStandIn> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new OciEndpointStandIn(server);
  }

  /** The value for PONTOON_OCI_ENDPOINT. */
  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Calls that no route was added for. */
  public get unknownCalls(): readonly string[] {
    return [...this.unknown];
  }

  /** Adds the operations of a service. */
  public add(routes: readonly OciRoute[]): void {
    this.routes.push(...routes);
  }

  /** Ends all connections and stops listening. */
  public async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    response.setHeader('opc-request-id', randomUUID());
    try {
      const { body, headers = {} } = await this.answer(request, text);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      send(response, 200, body ?? {});
    } catch (error) {
      if (!(error instanceof OciServiceError)) throw error;
      send(response, error.status, { code: error.code, message: error.message });
    }
  }

  private async answer(request: IncomingMessage, text: string): Promise<OciAnswer> {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', this.url);
    if (headers.authorization?.startsWith('Signature ') !== true)
      throw new OciServiceError(401, 'NotAuthenticated', 'the request carries no signature');
    for (const route of this.routes) {
      const match = route.method === method ? route.path.exec(url.pathname) : null;
      if (match === null) continue;
      const path = match.slice(1).map(decodeURIComponent);
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      return await route.answer({ path, query: url.searchParams, headers, body });
    }
    this.unknown.add(`${method} ${url.pathname}`);
    throw new OciServiceError(404, 'NotAuthorizedOrNotFound', 'nothing here stands in for that');
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
