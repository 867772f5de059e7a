// A server, its secrets, and a function that is sent what CloudFormation sends.
import type { Client } from 'pg';
import type { CloudFormationEvent } from '../../lib/handler/cloudformation';
import { AwsEndpointStandIn, SecretStore } from '../../lib/rehearsal/aws-endpoint';
import { ResponseServer } from '../../lib/rehearsal/cloudformation/response-server';
import { waitUntil } from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';

const ADMIN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin-AbCdEf';

/** The secret of the role `reader`. */
export const READER = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:reader-AbCdEf';

/** What a test says of a request; the rest is as CloudFormation would fill it in. */
export interface Sent {
  readonly spec?: object;
  /** The resource's type after `Custom::Pontoon`. @default 'PhysicalSlot' */
  readonly type?: string;
  /** @default 'Create' */
  readonly request?: CloudFormationEvent['RequestType'];
  readonly requestId?: string;
  readonly physicalId?: string;
  /** Everything but the service's own properties. @default - the connection and the spec */
  readonly properties?: object;
  readonly serviceTimeout?: string;
}

/** How CloudFormation's answers look. */
export type Answered = Readonly<Record<string, unknown>>;

/** What a function is invoked by. */
export type Invoke = (event: CloudFormationEvent) => Promise<void>;

/** One server, and a function that is to be set as `invoke`. */
export class CustomResources {
  private requests = 0;

  private constructor(
    public readonly pg: TestServer,
    public readonly client: Client,
    public readonly endpoint: AwsEndpointStandIn,
    public readonly responses: ResponseServer,
    public readonly secrets: SecretStore,
  ) {}

  public invoke: Invoke = async () => {
    throw new Error('say what is invoked first');
  };

  public static async start(): Promise<CustomResources> {
    const secrets = new SecretStore();
    const pg = await startTestServer({
      settings: { wal_level: 'logical', wal_retrieve_retry_interval: '500ms' },
    });
    const { user, password } = pg.server.superuser;
    secrets.put(ADMIN, JSON.stringify({ username: user, password }));
    secrets.put(READER, JSON.stringify({ username: 'reader', password: 'the reader’s password' }));
    const endpoint = await AwsEndpointStandIn.start(secrets.operations());
    const responses = await ResponseServer.start();
    return new CustomResources(pg, await pg.client(), endpoint, responses, secrets);
  }

  public async stop(): Promise<void> {
    await Promise.all([this.pg.stop(), this.endpoint.close(), this.responses.close()]);
  }

  /** What the SDK in this process needs to find the stand-in for AWS. */
  public environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.endpoint.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'STANDIN',
      AWS_SECRET_ACCESS_KEY: 'stand-in',
    };
  }

  /** The connection to the server, as properties hold it. */
  public connection(): object {
    const { host, port, caCertificate } = this.pg.server;
    return {
      server: 'a',
      host,
      port: String(port),
      database: 'postgres',
      secret: ADMIN,
      caCertificate,
    };
  }

  /** An event whose answer goes to `url`. */
  public event(given: Sent, url: string): CloudFormationEvent {
    this.requests += 1;
    const spec = { server: 'a', connection: this.connection(), spec: given.spec };
    return {
      RequestType: given.request ?? 'Create',
      ResponseURL: url,
      StackId: 'stack',
      RequestId: given.requestId ?? `request-${this.requests}`,
      ResourceType: `Custom::Pontoon${given.type ?? 'PhysicalSlot'}`,
      LogicalResourceId: 'Thing',
      ...(given.physicalId === undefined ? {} : { PhysicalResourceId: given.physicalId }),
      ResourceProperties: {
        ServiceToken: 'arn:function',
        ServiceTimeout: given.serviceTimeout ?? '60',
        ...(given.properties ?? spec),
      },
    };
  }

  /** Sends one event and gives its answer as it arrived. */
  public async body(given: Sent): Promise<string> {
    const awaited = this.responses.expect(['stack', 'Thing', String(this.requests)]);
    await this.invoke(this.event(given, awaited.url));
    return await awaited.body;
  }

  /** Sends one event and gives its answer. */
  public async send(given: Sent): Promise<Answered> {
    const answer: Answered = JSON.parse(await this.body(given));
    return answer;
  }

  /** The first column of every row. */
  public async column(text: string): Promise<readonly unknown[]> {
    const { rows } = await this.client.query({ text, rowMode: 'array' });
    return rows.map(([value]) => value);
  }

  public async slots(): Promise<readonly unknown[]> {
    return await this.column('SELECT slot_name FROM pg_replication_slots ORDER BY 1');
  }

  /** Waits until the first column of the first row is `expected`. */
  public async until(text: string, expected: unknown): Promise<void> {
    await waitUntil({
      what: `"${text}" must give ${String(expected)}`,
      deadlineMs: 60_000,
      probe: async () => {
        const [value] = await this.column(text);
        return value === expected
          ? { done: true, value }
          : { done: false, reason: `it gives ${String(value)}` };
      },
    });
  }
}
