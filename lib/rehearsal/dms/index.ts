export {
  type DmsBehaviour,
  type DmsDifference,
  dmsStandInBehaviours,
  dmsStandInNotReproduced,
} from './behaviours';
export { type DmsOperations, type DmsResources, dmsEndpoint } from './endpoint';
export { DmsFault } from './endpoint-requests';
export type { DmsTaskResource } from './endpoint-responses';
export type { DmsProgress, DmsTaskStatus, ProgressListener, TableStateName } from './progress';
export { DmsStandIn, type DmsTaskChanges, type DmsTaskState } from './stand-in';
export type { TableStatistics } from './table-state';
export type { DmsMigrationType, DmsStandInOptions } from './task-options';
