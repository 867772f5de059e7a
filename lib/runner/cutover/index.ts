export { type FinalizeRequest, finalize } from './finalize';
export type {
  CutoverEvent,
  CutoverRequest,
  CutoverServices,
  FinalComparison,
  ReplicationTask,
  SwitchedEndpoint,
} from './services';
export { type CutoverStatus, type PathStatus, status } from './status';
export {
  abandon,
  type CutoverOutcome,
  cutover,
  prepareCutover,
  settleCutover,
  switchWriters,
} from './walk';
