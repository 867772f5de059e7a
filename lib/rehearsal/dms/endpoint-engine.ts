import { DmsFault } from './endpoint-requests';
import type { JsonObject } from './json-reader';
import type { DmsStandIn, DmsTaskChanges } from './stand-in';
import { errorMessage } from './task-errors';

/** Starts, resumes or reloads as the request's type says. A failure later shows in the engine's state. */
export function startEngine(
  engine: DmsStandIn,
  type: string,
  what: string,
  changes: DmsTaskChanges,
): void {
  const { status, hasRun } = engine.state();
  if (!['ready', 'stopped', 'failed'].includes(status)) {
    throw new DmsFault(
      'InvalidResourceStateFault',
      `${what} cannot be started, invalid state: ${status}`,
    );
  }
  if (type === 'start-replication' && hasRun) {
    throw new DmsFault(
      'InvalidParameterCombinationException',
      'Start Type : START_REPLICATION, valid only for tasks running for the first time',
    );
  }
  if (type === 'resume-processing' && !hasRun) {
    throw new DmsFault(
      'InvalidParameterCombinationException',
      'Start Type : RESUME_PROCESSING, not valid for tasks that have not been started',
    );
  }
  modifyEngine(engine, changes);
  // A failure is kept in the task's state, where a caller of the API looks for it.
  const unheard = (): undefined => undefined;
  if (type === 'start-replication') engine.start().catch(unheard);
  else if (type === 'resume-processing') engine.resume().catch(unheard);
  else if (type === 'reload-target') engine.reload().catch(unheard);
  else
    throw new DmsFault(
      'InvalidParameterValueException',
      `the start type must be start-replication, resume-processing or reload-target, got ${JSON.stringify(type)}`,
    );
}

/** Stops a running engine. */
export function stopEngine(engine: DmsStandIn, what: string): void {
  const { status } = engine.state();
  if (status !== 'running') {
    throw new DmsFault(
      'InvalidResourceStateFault',
      `${what} cannot be stopped, invalid state: ${status}`,
    );
  }
  engine.stop().catch(() => undefined);
}

/** Changes what an engine does. */
export function modifyEngine(engine: DmsStandIn, changes: DmsTaskChanges): void {
  if (Object.keys(changes).length === 0) return;
  try {
    engine.modify(changes);
  } catch (error) {
    throw new DmsFault('InvalidParameterValueException', errorMessage(error));
  }
}

/** The changes of a task that a request carries. */
export function changesOf(request: JsonObject): DmsTaskChanges {
  if (request.CdcStartTime !== undefined) {
    throw new DmsFault(
      'InvalidParameterValueException',
      'CdcStartTime is not supported for PostgreSQL; give CdcStartPosition',
    );
  }
  const { TableMappings, ReplicationTaskSettings, CdcStartPosition } = request;
  return {
    ...(TableMappings === undefined ? {} : { tableMappings: TableMappings }),
    ...(ReplicationTaskSettings === undefined ? {} : { taskSettings: ReplicationTaskSettings }),
    ...(typeof CdcStartPosition === 'string' ? { cdcStartPosition: CdcStartPosition } : {}),
  };
}
