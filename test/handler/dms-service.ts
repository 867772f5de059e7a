import { AwsEndpointStandIn } from '../../lib/rehearsal/aws-endpoint';

/** An error of the AWS JSON protocol. */
class Fault extends Error {
  constructor(
    public readonly __type: string,
    message: string,
  ) {
    super(message);
  }
}

/** A task, or a serverless replication, whose state moves on each time somebody looks. */
export interface FakeReplication {
  readonly arn: string;
  readonly serverless: boolean;
  readonly instance: string;
  readonly name: string;
  readonly tags: Record<string, string>;
  status: string;
  stopReason: string | undefined;
  failure: string | undefined;
  /** The states that follow, one for each look. */
  next: string[];
  hasRun: boolean;
  /** The states after a start. */
  afterStart: string[];
}

/** The AWS DMS API as far as states go: it replicates nothing, and forgets nothing. */
export class DmsService {
  public readonly replications: FakeReplication[] = [];
  /** What was asked for, but for mere looks. */
  public readonly requests: string[] = [];
  /** Endpoints that cannot be reached, and why. */
  public readonly unreachable = new Map<string, string>();
  private readonly tested = new Set<string>();

  private constructor(private readonly endpoint: AwsEndpointStandIn) {
    endpoint.register(this.operations(), 'AmazonDMSv20160101');
  }

  public static async start(): Promise<DmsService> {
    return new DmsService(await AwsEndpointStandIn.start());
  }

  public get url(): string {
    return this.endpoint.url;
  }

  public async stop(): Promise<void> {
    await this.endpoint.close();
  }

  public add(given: Partial<FakeReplication> & { readonly arn: string }): FakeReplication {
    const serverless = given.arn.includes(':replication-config:');
    const replication: FakeReplication = {
      serverless,
      instance: 'arn:aws:dms:eu-west-1:1:rep:I',
      name: 'config',
      tags: { 'pontoon:replication': 'key' },
      status: serverless ? 'created' : 'ready',
      stopReason: undefined,
      failure: undefined,
      next: [],
      hasRun: false,
      afterStart: ['starting', 'running'],
      ...given,
    };
    this.replications.push(replication);
    return replication;
  }

  private operations(): Record<string, (input: unknown) => unknown> {
    const on =
      (work: (input: Record<string, string>) => unknown) =>
      (input: unknown): unknown =>
        work(input as Record<string, string>);
    return {
      DescribeReplicationTasks: (input) => this.describeTasks(input),
      DescribeReplications: (input) => this.describeReplications(input),
      StartReplicationTask: on((input) =>
        this.startOne(input.ReplicationTaskArn, input.StartReplicationTaskType),
      ),
      StopReplicationTask: on((input) => this.stopOne(input.ReplicationTaskArn)),
      StartReplication: on((input) =>
        this.startOne(input.ReplicationConfigArn, input.StartReplicationType),
      ),
      StopReplication: on((input) => this.stopOne(input.ReplicationConfigArn)),
      TestConnection: on((input) => this.test(input.EndpointArn ?? '')),
      DescribeConnections: (input) => this.describeConnections(input),
      ListTagsForResource: on((input) => ({
        TagList: Object.entries(this.find(input.ResourceArn).tags).map(([Key, Value]) => ({
          Key,
          Value,
        })),
      })),
      AddTagsToResource: (input) => this.addTags(input),
    };
  }

  private describeTasks(input: unknown): unknown {
    const { name, value } = filterOf(input);
    const found = this.replications.filter(
      (one) =>
        !one.serverless && (name === 'replication-task-arn' ? one.arn : one.instance) === value,
    );
    if (found.length === 0) throw new Fault('ResourceNotFoundFault', 'No Tasks found');
    // Two on a page, so that pages have to be joined.
    const start = Number((input as { Marker?: string }).Marker ?? 0);
    const marker = start + 2 < found.length ? { Marker: String(start + 2) } : {};
    return { ReplicationTasks: found.slice(start, start + 2).map((one) => look(one)), ...marker };
  }

  private describeReplications(input: unknown): unknown {
    const { name, value } = filterOf(input);
    const found = this.replications.filter(
      (one) =>
        one.serverless &&
        (one.hasRun || one.status !== 'created') &&
        (name === 'replication-config-arn' ? one.arn : one.name) === value,
    );
    return { Replications: found.map((one) => look(one)) };
  }

  private startOne(arn = '', type = ''): unknown {
    const one = this.find(arn);
    this.requests.push(`start ${arn} ${type}`);
    if (!['ready', 'created', 'stopped', 'failed', 'deprovisioned'].includes(one.status))
      throw new Fault('InvalidResourceStateFault', `cannot be started, is ${one.status}`);
    if ((type === 'start-replication') === one.hasRun && type !== 'reload-target')
      throw new Fault('InvalidParameterCombinationException', `not valid: ${type}`);
    const [first = 'starting', ...next] = one.afterStart;
    Object.assign(one, { status: first, next, hasRun: true });
    return {};
  }

  private stopOne(arn = ''): unknown {
    const one = this.find(arn);
    this.requests.push(`stop ${arn}`);
    if (one.status !== 'running')
      throw new Fault('InvalidResourceStateFault', `cannot be stopped, is ${one.status}`);
    Object.assign(one, {
      status: 'stopping',
      next: ['stopped'],
      stopReason: 'Stop Reason USER_STOP',
    });
    return {};
  }

  private test(endpoint: string): unknown {
    this.requests.push(`test ${endpoint}`);
    this.tested.delete(endpoint);
    return {};
  }

  private describeConnections(input: unknown): unknown {
    const { value: endpoint } = filterOf(input);
    const failure = this.unreachable.get(endpoint);
    const done = this.tested.has(endpoint);
    this.tested.add(endpoint);
    const status = failure !== undefined ? 'failed' : done ? 'successful' : 'testing';
    return {
      Connections: [{ EndpointArn: endpoint, Status: status, LastFailureMessage: failure }],
    };
  }

  private addTags(input: unknown): unknown {
    const { ResourceArn, Tags } = input as {
      ResourceArn: string;
      Tags: { Key: string; Value: string }[];
    };
    for (const { Key, Value } of Tags) {
      this.find(ResourceArn).tags[Key] = Value;
      this.requests.push(`tag ${ResourceArn} ${Key}=${Value}`);
    }
    return {};
  }

  private find(arn = ''): FakeReplication {
    const found = this.replications.find((one) => one.arn === arn);
    if (found === undefined) throw new Fault('ResourceNotFoundFault', `no ${arn}`);
    return found;
  }
}

function look(one: FakeReplication): object {
  const seen = {
    ...(one.serverless
      ? {
          ReplicationConfigArn: one.arn,
          FailureMessages: one.failure === undefined ? [] : [one.failure],
        }
      : {
          ReplicationTaskArn: one.arn,
          ReplicationInstanceArn: one.instance,
          SourceEndpointArn: 'arn:source',
          TargetEndpointArn: 'arn:target',
          LastFailureMessage: one.failure,
        }),
    Status: one.status,
    StopReason: one.stopReason,
  };
  one.status = one.next.shift() ?? one.status;
  return seen;
}

function filterOf(input: unknown): { name: string; value: string } {
  const { Filters } = input as { Filters: { Name: string; Values: string[] }[] };
  return { name: Filters[0]?.Name ?? '', value: Filters[0]?.Values[0] ?? '' };
}
