import type {
  Connection,
  DatabaseMigrationServiceClient,
  ReplicationTask,
  TableStatistics,
} from '@aws-sdk/client-database-migration-service';

/** The part of the SDK that is used here, loaded when it is first needed. */
type Sdk = typeof import('@aws-sdk/client-database-migration-service');

/** The most that AWS DMS tells in one answer. */
const TABLES_AT_ONCE = 500;

/** The AWS DMS API, with answers that are complete: pages are joined, and nothing found is an empty list. */
export class DmsApi {
  private constructor(
    private readonly sdk: Sdk,
    private readonly client: DatabaseMigrationServiceClient,
  ) {}

  /** Loads the SDK. Region and credentials are those of the process. */
  public static async load(): Promise<DmsApi> {
    const sdk = await import('@aws-sdk/client-database-migration-service');
    return new DmsApi(sdk, new sdk.DatabaseMigrationServiceClient({}));
  }

  /** The tasks for which `filter` has `value`. */
  public async tasks(
    filter: 'replication-task-arn' | 'replication-instance-arn',
    value: string,
  ): Promise<ReplicationTask[]> {
    return await this.pages(async (Marker) => {
      const { ReplicationTasks = [], Marker: next } = await this.client.send(
        new this.sdk.DescribeReplicationTasksCommand({
          Filters: [{ Name: filter, Values: [value] }],
          WithoutSettings: true,
          ...(Marker === undefined ? {} : { Marker }),
        }),
      );
      return [ReplicationTasks, next];
    });
  }

  /** The tables of a task, with what they have been through. */
  public async taskTables(arn: string): Promise<TableStatistics[]> {
    return await this.pages(async (Marker) => {
      const { TableStatistics: tables = [], Marker: next } = await this.client.send(
        new this.sdk.DescribeTableStatisticsCommand({
          ReplicationTaskArn: arn,
          MaxRecords: TABLES_AT_ONCE,
          ...(Marker === undefined ? {} : { Marker }),
        }),
      );
      return [tables, next];
    });
  }

  /** The tables of a serverless replication, with what they have been through. */
  public async replicationTables(arn: string): Promise<TableStatistics[]> {
    return await this.pages(async (Marker) => {
      const { ReplicationTableStatistics: tables = [], Marker: next } = await this.client.send(
        new this.sdk.DescribeReplicationTableStatisticsCommand({
          ReplicationConfigArn: arn,
          MaxRecords: TABLES_AT_ONCE,
          ...(Marker === undefined ? {} : { Marker }),
        }),
      );
      return [tables, next];
    });
  }

  /** The serverless replications for which `filter` has `value`. One that never ran may be missing. */
  public async replications(
    filter: 'replication-config-arn' | 'replication-config-id',
    value: string,
  ): Promise<ServerlessReplication[]> {
    return await this.pages(async (Marker) => {
      const { Replications = [], Marker: next } = await this.client.send(
        new this.sdk.DescribeReplicationsCommand({
          Filters: [{ Name: filter, Values: [value] }],
          ...(Marker === undefined ? {} : { Marker }),
        }),
      );
      return [Replications, next];
    });
  }

  /** Starts a task. */
  public async startTask(arn: string, type: StartType): Promise<void> {
    await this.client.send(
      new this.sdk.StartReplicationTaskCommand({
        ReplicationTaskArn: arn,
        StartReplicationTaskType: type,
      }),
    );
  }

  /** Stops a task. */
  public async stopTask(arn: string, abortSignal?: AbortSignal): Promise<void> {
    const stop = new this.sdk.StopReplicationTaskCommand({ ReplicationTaskArn: arn });
    await this.client.send(stop, abortSignal === undefined ? {} : { abortSignal });
  }

  /** Starts a serverless replication. */
  public async startReplication(arn: string, type: StartType): Promise<void> {
    await this.client.send(
      new this.sdk.StartReplicationCommand({
        ReplicationConfigArn: arn,
        StartReplicationType: type,
      }),
    );
  }

  /** Stops a serverless replication. */
  public async stopReplication(arn: string, abortSignal?: AbortSignal): Promise<void> {
    const stop = new this.sdk.StopReplicationCommand({ ReplicationConfigArn: arn });
    await this.client.send(stop, abortSignal === undefined ? {} : { abortSignal });
  }

  /** Begins to test whether an instance reaches an endpoint. */
  public async testConnection(instanceArn: string, endpointArn: string): Promise<void> {
    await this.client.send(
      new this.sdk.TestConnectionCommand({
        ReplicationInstanceArn: instanceArn,
        EndpointArn: endpointArn,
      }),
    );
  }

  /** What the last test of an endpoint from an instance found. */
  public async connection(
    instanceArn: string,
    endpointArn: string,
  ): Promise<Connection | undefined> {
    const found = await this.pages(async (Marker) => {
      const { Connections = [], Marker: next } = await this.client.send(
        new this.sdk.DescribeConnectionsCommand({
          Filters: [
            { Name: 'endpoint-arn', Values: [endpointArn] },
            { Name: 'replication-instance-arn', Values: [instanceArn] },
          ],
          ...(Marker === undefined ? {} : { Marker }),
        }),
      );
      return [Connections, next];
    });
    return found[0];
  }

  /** The tag `key` of a resource. */
  public async tag(arn: string, key: string): Promise<string | undefined> {
    const { TagList = [] } = await this.client.send(
      new this.sdk.ListTagsForResourceCommand({ ResourceArn: arn }),
    );
    return TagList.find((tag) => tag.Key === key)?.Value;
  }

  /** Sets the tag `key` of a resource. */
  public async setTag(arn: string, key: string, value: string): Promise<void> {
    await this.client.send(
      new this.sdk.AddTagsToResourceCommand({
        ResourceArn: arn,
        Tags: [{ Key: key, Value: value }],
      }),
    );
  }

  /** The API calls a filter that finds nothing an error. */
  private async pages<Item>(
    read: (marker: string | undefined) => Promise<readonly [readonly Item[], string | undefined]>,
  ): Promise<Item[]> {
    const items: Item[] = [];
    let marker: string | undefined;
    do {
      const [page, next] = await read(marker).catch((error: unknown) => {
        if (isFault(error, 'ResourceNotFoundFault')) return [[], undefined] as const;
        throw error;
      });
      items.push(...page);
      marker = next;
    } while (marker !== undefined && marker !== '');
    return items;
  }
}

/** How a task is started. */
export type StartType = 'start-replication' | 'resume-processing' | 'reload-target';

/** The part of a serverless replication that is used here. */
export interface ServerlessReplication {
  readonly ReplicationConfigArn?: string | undefined;
  readonly Status?: string | undefined;
  readonly StopReason?: string | undefined;
  readonly FailureMessages?: readonly string[] | undefined;
}

/** Whether `error` is the API's `fault`. */
export function isFault(error: unknown, ...faults: readonly string[]): boolean {
  return error instanceof Error && faults.includes(error.name);
}
