import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes of an answer that CloudFormation reads at most. */
const MAXIMUM_ANSWER = 4096;

/** One awaited answer. */
export interface AwaitedAnswer {
  /** Where the function PUTs its answer: path and query must be kept as they are. */
  readonly url: string;
  /** The body of the first answer that arrived; rejects with what was wrong with it. */
  readonly body: Promise<string>;
  /** What was refused so far: the reason why an answer never came. */
  readonly refused: readonly string[];
  /** Loses the next answer: the connection breaks before anything is read. */
  loseNext(): void;
}

/** A place to which bodies can be PUT. */
export interface Drop {
  readonly url: string;
  /** Closes the place: what is PUT later is refused. */
  close(): void;
}

interface Slot {
  readonly refused: string[];
  lose: boolean;
  receive(body: string): void;
  reject(error: Error): void;
}

/**
 * Stands in for the bucket that receives the answers of custom resources. As with a presigned
 * URL, a changed query, a content type or a chunked body is refused.
 */
export class ResponseServer {
  private readonly slots = new Map<string, Slot>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.receive(request, response);
    });
  }

  /** Listens on a free port of the loopback interface. */
  public static async start(): Promise<ResponseServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new ResponseServer(server);
  }

  /** Awaits one answer; `subject` becomes part of the path, as CloudFormation does. */
  public expect(subject: readonly string[]): AwaitedAnswer {
    const path = signedPath(subject);
    const refused: string[] = [];
    const slot = { refused, lose: false };
    const body = new Promise<string>((receive, reject) => {
      this.slots.set(path, Object.assign(slot, { receive, reject }));
    });
    // An answer that is wrong may arrive before anybody looks at the promise.
    body.catch(() => undefined);
    return {
      url: this.urlOf(path),
      body,
      refused,
      loseNext: () => {
        slot.lose = true;
      },
    };
  }

  /** Takes any number of bodies, until it is closed. */
  public open(
    subject: readonly string[],
    listener: { receive(body: string): void; reject(error: Error): void },
  ): Drop {
    const path = signedPath(subject);
    this.slots.set(path, { ...listener, refused: [], lose: false });
    return { url: this.urlOf(path), close: () => this.slots.delete(path) };
  }

  /** Stops listening. */
  public async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private urlOf(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const slot = this.slots.get(request.url ?? '');
    if (slot === undefined) {
      refuse(response, 403, 'SignatureDoesNotMatch');
      return;
    }
    if (slot.lose) {
      slot.lose = false;
      request.destroy();
      return;
    }
    const wrong = refusal(request);
    if (wrong !== undefined) {
      slot.refused.push(wrong.reason);
      refuse(response, wrong.status, wrong.code);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (body.length > MAXIMUM_ANSWER) {
        slot.reject(
          new Error(`the answer must have ${MAXIMUM_ANSWER} bytes at most, got ${body.length}`),
        );
      } else slot.receive(body.toString('utf8'));
      response.writeHead(200).end();
    });
  }
}

function signedPath(subject: readonly string[]): string {
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'STANDIN/20260101/local/s3/aws4_request',
    'X-Amz-Expires': '7200',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': randomBytes(32).toString('hex'),
  });
  return `/${encodeURIComponent(subject.join('|'))}?${query}`;
}

function refusal(
  request: IncomingMessage,
): { status: number; code: string; reason: string } | undefined {
  const { method, headers } = request;
  if (method !== 'PUT') {
    const reason = `the answer must be sent with PUT, got ${method}`;
    return { status: 403, code: 'SignatureDoesNotMatch', reason };
  }
  if (headers['transfer-encoding'] !== undefined) {
    const reason = 'the answer must have a Content-Length, got a chunked body';
    return { status: 501, code: 'NotImplemented', reason };
  }
  if ((headers['content-type'] ?? '') !== '') {
    const reason = `the answer must have an empty Content-Type, which is part of the URL's signature, got "${headers['content-type']}"`;
    return { status: 403, code: 'SignatureDoesNotMatch', reason };
  }
  return undefined;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<Error><Code>${code}</Code></Error>`);
}
