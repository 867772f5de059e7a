import { filtered } from './endpoint-requests';
import type { JsonObject } from './json-reader';
import type { DmsStandIn } from './stand-in';
import type { TableStatistics } from './table-state';
import type { DmsMigrationType } from './task-options';

/** A replication task, of an instance or a serverless one, with the engine that plays it. */
export interface DmsTaskResource {
  /** The task's ARN, or that of the serverless replication's configuration. */
  readonly arn: string;
  readonly identifier: string;
  readonly migrationType: DmsMigrationType;
  readonly sourceEndpointArn: string;
  readonly targetEndpointArn: string;
  /** The replication instance. @default - serverless */
  readonly instanceArn?: string;
  /** @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  readonly engine: DmsStandIn;
}

/** A connection test, running or done. */
export interface DmsConnection {
  readonly endpointArn: string;
  readonly instanceArn: string;
  status: 'testing' | 'successful' | 'failed';
  failure: string | undefined;
}

/** A ReplicationTask of the API. */
export function taskResponse(task: DmsTaskResource): JsonObject {
  const { status, stopReason, lastFailureMessage, appliedPosition } = task.engine.state();
  return {
    ReplicationTaskArn: task.arn,
    ReplicationTaskIdentifier: task.identifier,
    SourceEndpointArn: task.sourceEndpointArn,
    TargetEndpointArn: task.targetEndpointArn,
    ReplicationInstanceArn: task.instanceArn,
    MigrationType: task.migrationType,
    Status: status,
    StopReason: stopReason,
    LastFailureMessage: lastFailureMessage,
    RecoveryCheckpoint: appliedPosition,
    ReplicationTaskStats: statisticsOf(task.engine),
  };
}

/** A Replication of the API. */
export function replicationResponse(task: DmsTaskResource): JsonObject {
  const { status, stopReason, lastFailureMessage } = task.engine.state();
  return {
    ReplicationConfigArn: task.arn,
    ReplicationConfigIdentifier: task.identifier,
    SourceEndpointArn: task.sourceEndpointArn,
    TargetEndpointArn: task.targetEndpointArn,
    ReplicationType: task.migrationType,
    Status: status === 'ready' ? 'created' : status,
    StopReason: stopReason,
    FailureMessages: lastFailureMessage === undefined ? [] : [lastFailureMessage],
    ReplicationStats: statisticsOf(task.engine),
  };
}

/** A Connection of the API. */
export function connectionResponse(connection: DmsConnection): JsonObject {
  return {
    EndpointArn: connection.endpointArn,
    ReplicationInstanceArn: connection.instanceArn,
    Status: connection.status,
    LastFailureMessage: connection.failure,
  };
}

/** The TableStatistics of the API that the request's Filters let through. */
export function describeStatistics(
  task: DmsTaskResource,
  request: JsonObject,
): readonly JsonObject[] {
  const tables = filtered(task.engine.state().tables, request, {
    'schema-name': ({ schemaName }) => schemaName,
    'table-name': ({ tableName }) => tableName,
    'table-state': ({ state }) => state,
  });
  return tables.map(tableResponse);
}

function tableResponse(table: TableStatistics): JsonObject {
  return {
    SchemaName: table.schemaName,
    TableName: table.tableName,
    TableState: table.state,
    FullLoadRows: table.fullLoadRows,
    FullLoadErrorRows: 0,
    FullLoadStartTime: seconds(table.fullLoadStartedAt),
    FullLoadEndTime: seconds(table.fullLoadEndedAt),
    FullLoadReloaded: table.reloaded,
    Inserts: table.inserts,
    Updates: table.updates,
    Deletes: table.deletes,
    Ddls: 0,
    AppliedInserts: table.inserts,
    AppliedUpdates: table.updates,
    AppliedDeletes: table.deletes,
    AppliedDdls: 0,
    LastUpdateTime: seconds(table.updatedAt),
    ValidationState: 'Not enabled',
  };
}

function statisticsOf(engine: DmsStandIn): JsonObject {
  const { tables, fullLoadPercent } = engine.state();
  const count = (...states: readonly string[]): number =>
    tables.filter(({ state }) => states.includes(state)).length;
  return {
    FullLoadProgressPercent: fullLoadPercent,
    TablesLoaded: count('Table completed'),
    TablesLoading: count('Full load', 'Table is being reloaded'),
    TablesQueued: count('Before load'),
    TablesErrored: count('Table error'),
  };
}

/** The JSON protocol of AWS writes times as seconds since 1970. */
function seconds(date: Date | undefined): number | undefined {
  return date === undefined ? undefined : date.getTime() / 1000;
}
