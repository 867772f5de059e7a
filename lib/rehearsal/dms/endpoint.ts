import { changesOf, modifyEngine, startEngine, stopEngine } from './endpoint-engine';
import { DmsFault, filtered, list, object, paged, text } from './endpoint-requests';
import {
  connectionResponse,
  type DmsConnection,
  type DmsTaskResource,
  describeStatistics,
  replicationResponse,
  taskResponse,
} from './endpoint-responses';
import type { JsonObject } from './json-reader';
import { errorMessage } from './task-errors';

/** What the API stand-in knows. Lists may grow and shrink while it is used. */
export interface DmsResources {
  /** Tasks of replication instances. @default - none */
  readonly tasks?: readonly DmsTaskResource[];
  /** Serverless replications; `arn` is the replication configuration's. @default - none */
  readonly replications?: readonly DmsTaskResource[];
}

/** Operations of the DMS API by their name. They reject with a {@link DmsFault}. */
export type DmsOperations = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

/** Stands in for the AWS DMS API (`AmazonDMSv20160101.<operation>`, JSON 1.1). */
export function dmsEndpoint(resources: DmsResources): DmsOperations {
  const tasks = new TaskOperations(resources.tasks ?? []);
  const replications = new ReplicationOperations(resources.replications ?? []);
  const all = () => [...(resources.tasks ?? []), ...(resources.replications ?? [])];
  const connections = new ConnectionOperations(all);
  const tags = new TagOperations(all);
  return {
    DescribeReplicationTasks: async (input) => tasks.describe(input),
    StartReplicationTask: async (input) => tasks.start(input),
    StopReplicationTask: async (input) => tasks.stop(input),
    ModifyReplicationTask: async (input) => tasks.modify(input),
    DescribeTableStatistics: async (input) => tasks.statistics(input),
    ListTagsForResource: async (input) => tags.list(input),
    AddTagsToResource: async (input) => tags.add(input),
    TestConnection: async (input) => connections.test(input),
    DescribeConnections: async (input) => connections.describe(input),
    DescribeReplications: async (input) => replications.describe(input),
    StartReplication: async (input) => replications.start(input),
    StopReplication: async (input) => replications.stop(input),
    DescribeReplicationTableStatistics: async (input) => replications.statistics(input),
  };
}

class TaskOperations {
  constructor(private readonly tasks: readonly DmsTaskResource[]) {}

  public describe(input: unknown): unknown {
    const request = object(input);
    const found = filtered(this.tasks, request, {
      'replication-task-arn': ({ arn }) => arn,
      'replication-task-id': ({ identifier }) => identifier,
      'migration-type': ({ migrationType }) => migrationType,
      'endpoint-arn': ({ sourceEndpointArn, targetEndpointArn }) => [
        sourceEndpointArn,
        targetEndpointArn,
      ],
      'replication-instance-arn': ({ instanceArn }) => instanceArn ?? '',
    });
    if (found.length === 0 && list(request.Filters).length > 0) {
      throw new DmsFault('ResourceNotFoundFault', 'No Tasks found matching the search criteria.');
    }
    const { page, marker } = paged(found, request);
    return { ReplicationTasks: page.map(taskResponse), ...marker };
  }

  public start(input: unknown): unknown {
    const request = object(input);
    const task = this.find(request);
    startEngine(
      task.engine,
      text(request, 'StartReplicationTaskType'),
      'Replication Task',
      changesOf(request),
    );
    return { ReplicationTask: taskResponse(task) };
  }

  public stop(input: unknown): unknown {
    const task = this.find(object(input));
    stopEngine(task.engine, 'Replication Task');
    return { ReplicationTask: taskResponse(task) };
  }

  public modify(input: unknown): unknown {
    const request = object(input);
    const task = this.find(request);
    const { status } = task.engine.state();
    if (!['ready', 'stopped', 'failed'].includes(status)) {
      throw new DmsFault(
        'InvalidResourceStateFault',
        `Replication Task cannot be modified, invalid state: ${status}`,
      );
    }
    if (request.MigrationType !== undefined && request.MigrationType !== task.migrationType) {
      throw new DmsFault(
        'InvalidParameterValueException',
        'the DMS stand-in does not reproduce a change of MigrationType',
      );
    }
    modifyEngine(task.engine, changesOf(request));
    return { ReplicationTask: taskResponse(task) };
  }

  public statistics(input: unknown): unknown {
    const request = object(input);
    const task = this.find(request);
    const { page, marker } = paged(describeStatistics(task, request), request);
    return { ReplicationTaskArn: task.arn, TableStatistics: page, ...marker };
  }

  private find(request: JsonObject): DmsTaskResource {
    return findByArn(this.tasks, text(request, 'ReplicationTaskArn'));
  }
}

class ReplicationOperations {
  constructor(private readonly replications: readonly DmsTaskResource[]) {}

  public describe(input: unknown): unknown {
    const request = object(input);
    const found = filtered(this.replications, request, {
      'replication-config-arn': ({ arn }) => arn,
      'replication-config-id': ({ identifier }) => identifier,
    });
    const { page, marker } = paged(found, request);
    return { Replications: page.map(replicationResponse), ...marker };
  }

  public start(input: unknown): unknown {
    const request = object(input);
    const one = findByArn(this.replications, text(request, 'ReplicationConfigArn'));
    if (request.CdcStartPosition !== undefined || request.CdcStartTime !== undefined) {
      throw new DmsFault(
        'InvalidParameterValueException',
        'a serverless replication cannot be given a CDC start',
      );
    }
    startEngine(one.engine, text(request, 'StartReplicationType'), 'Replication', {});
    return { Replication: replicationResponse(one) };
  }

  public stop(input: unknown): unknown {
    const one = findByArn(this.replications, text(object(input), 'ReplicationConfigArn'));
    stopEngine(one.engine, 'Replication');
    return { Replication: replicationResponse(one) };
  }

  public statistics(input: unknown): unknown {
    const request = object(input);
    const one = findByArn(this.replications, text(request, 'ReplicationConfigArn'));
    const { page, marker } = paged(describeStatistics(one, request), request);
    return { ReplicationConfigArn: one.arn, ReplicationTableStatistics: page, ...marker };
  }
}

class ConnectionOperations {
  private readonly connections = new Map<string, DmsConnection>();

  constructor(private readonly tasks: () => readonly DmsTaskResource[]) {}

  public test(input: unknown): unknown {
    const request = object(input);
    const endpointArn = text(request, 'EndpointArn');
    const instanceArn = text(request, 'ReplicationInstanceArn');
    const task = this.tasks().find((one) =>
      [one.sourceEndpointArn, one.targetEndpointArn].includes(endpointArn),
    );
    if (task === undefined) throw notFound(endpointArn);
    const connection: DmsConnection = {
      endpointArn,
      instanceArn,
      status: 'testing',
      failure: undefined,
    };
    this.connections.set(`${instanceArn} ${endpointArn}`, connection);
    task.engine.testConnection(task.sourceEndpointArn === endpointArn ? 'source' : 'target').then(
      () => {
        connection.status = 'successful';
      },
      (error: unknown) => {
        connection.status = 'failed';
        connection.failure = errorMessage(error);
      },
    );
    return { Connection: connectionResponse(connection) };
  }

  public describe(input: unknown): unknown {
    const request = object(input);
    const found = filtered([...this.connections.values()], request, {
      'endpoint-arn': ({ endpointArn }) => endpointArn,
      'replication-instance-arn': ({ instanceArn }) => instanceArn,
    });
    const { page, marker } = paged(found, request);
    return { Connections: page.map(connectionResponse), ...marker };
  }
}

class TagOperations {
  private readonly added = new Map<string, Map<string, string>>();

  constructor(private readonly tasks: () => readonly DmsTaskResource[]) {}

  public list(input: unknown): unknown {
    const { arn, tags = {} } = findByArn(this.tasks(), text(object(input), 'ResourceArn'));
    const all = new Map([...Object.entries(tags), ...(this.added.get(arn) ?? [])]);
    return { TagList: [...all].map(([Key, Value]) => ({ Key, Value })) };
  }

  public add(input: unknown): unknown {
    const request = object(input);
    const { arn } = findByArn(this.tasks(), text(request, 'ResourceArn'));
    const added = this.added.get(arn) ?? new Map<string, string>();
    for (const tag of list(request.Tags).map(object))
      added.set(text(tag, 'Key'), text(tag, 'Value'));
    this.added.set(arn, added);
    return {};
  }
}

function findByArn(tasks: readonly DmsTaskResource[], arn: string): DmsTaskResource {
  const task = tasks.find((candidate) => candidate.arn === arn);
  if (task === undefined) throw notFound(arn);
  return task;
}

function notFound(arn: string): DmsFault {
  return new DmsFault(
    'ResourceNotFoundFault',
    `no resource of the DMS stand-in has the ARN ${arn}`,
  );
}
