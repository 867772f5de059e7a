import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PontoonError } from '../../postgres';
import { AwsServiceError } from './aws-error';
import { errorXml, type XmlCall, type XmlRequest, type XmlService } from './xml';

/** One operation of an AWS service: input and output as the SDK sends and reads them. */
export type AwsOperation = (input: unknown) => unknown;

/** Operations by target, such as `secretsmanager.GetSecretValue`. */
export type AwsOperations = Readonly<Record<string, AwsOperation>>;

/** A call that arrived: never with its input or output, which may be secret. */
export interface AwsCall {
  /** The operation, or method and path of a request in another protocol. */
  readonly target: string;
  /** `__type` of the error that was answered; undefined for success. */
  readonly error: string | undefined;
}

/**
 * A stand-in for the endpoints of AWS services, which speak the AWS JSON protocol or XML: one HTTP
 * server for `AWS_ENDPOINT_URL`. What nothing was registered for is refused, and recorded as unknown.
 */
export class AwsEndpointStandIn {
  private readonly operations = new Map<string, AwsOperation>();
  private readonly services: XmlService[] = [];
  private readonly recorded: AwsCall[] = [];
  private readonly unknown = new Set<string>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.serve(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  /** Listens on a free port of the loopback interface. */
  public static async start(operations: AwsOperations = {}): Promise<AwsEndpointStandIn> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const endpoint = new AwsEndpointStandIn(server);
    endpoint.register(operations);
    return endpoint;
  }

  /** The value for `AWS_ENDPOINT_URL`. */
  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** All calls so far. */
  public get calls(): readonly AwsCall[] {
    return this.recorded;
  }

  /** Targets of calls that nothing was registered for. */
  public get unknownTargets(): readonly string[] {
    return [...this.unknown];
  }

  /**
   * Adds operations; with a `service` (such as `AmazonSSM`), which is put before their names.
   *
   * @throws PontoonError for a target that is registered already.
   */
  public register(operations: AwsOperations, service?: string): void {
    for (const [name, operation] of Object.entries(operations)) {
      const target = service === undefined ? name : `${service}.${name}`;
      if (this.operations.has(target)) {
        throw new PontoonError(
          'ENDPOINT',
          `operation "${target}" cannot be registered twice; remove one of the two`,
        );
      }
      this.operations.set(target, operation);
    }
  }

  /** Adds a service that speaks XML. */
  public registerXml(service: XmlService): void {
    this.services.push(service);
  }

  /** Stops listening. */
  public async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const header = request.headers['x-amz-target'];
    const call = typeof header === 'string' ? undefined : this.xmlCall(request, body);
    if (call !== undefined) return this.serveXml(call, response);
    const target = typeof header === 'string' ? header : `${request.method} ${request.url}`;
    const operation = this.operations.get(target);
    if (operation === undefined) {
      this.unknown.add(target);
      this.refuse(response, target, {
        status: 400,
        type: 'UnknownOperationException',
        message: `the rehearsal has no stand-in for "${target}"; register one`,
      });
      return;
    }
    try {
      const output = await operation(JSON.parse(body || '{}'));
      this.recorded.push({ target, error: undefined });
      answer(response, 200, output ?? {});
    } catch (error) {
      this.refuse(response, target, awsErrorOf(error));
    }
  }

  private xmlCall(request: IncomingMessage, body: string): XmlCall | undefined {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const form = request.headers['content-type'] === 'application/x-www-form-urlencoded';
    const asked: XmlRequest = {
      method: request.method ?? 'GET',
      path: pathname,
      parameters: form ? new URLSearchParams(body) : searchParams,
      body,
    };
    for (const service of this.services) {
      const call = service(asked);
      if (call !== undefined) return call;
    }
    return undefined;
  }

  private serveXml({ target, answer: answerOf }: XmlCall, response: ServerResponse): void {
    const send = (status: number, text: string): void => {
      response
        .writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': randomUUID() })
        .end(text);
    };
    try {
      const text = answerOf();
      this.recorded.push({ target, error: undefined });
      send(200, text);
    } catch (error) {
      const { status, type, message } = awsErrorOf(error);
      this.recorded.push({ target, error: type });
      send(status, errorXml(status, type, message));
    }
  }

  private refuse(response: ServerResponse, target: string, error: AwsErrorAnswer): void {
    this.recorded.push({ target, error: error.type });
    answer(response, error.status, { __type: error.type, message: error.message });
  }
}

interface AwsErrorAnswer {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** An error that names its type (`type` or `__type`) is the service's own; any other is a fault. */
function awsErrorOf(error: unknown): AwsErrorAnswer {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof AwsServiceError) return { status: error.status, type: error.type, message };
  const named = error as { readonly type?: unknown; readonly __type?: unknown };
  const type = named.__type ?? named.type;
  if (typeof type === 'string') return { status: 400, type, message };
  return { status: 500, type: 'InternalFailure', message };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    })
    .end(JSON.stringify(body));
}
