export { type FinalizeRequest, finalize } from './finalize';
export type {
  CutoverEvent,
  CutoverRequest,
  CutoverServices,
  FinalComparison,
  ReplicationTask,
  SwitchedEndpoint,
} from './services';
export { withSessions } from './sessions';
export { type CutoverStatus, type PathStatus, status } from './status';
export {
  abandon,
  abandonExpired,
  checkCutover,
  type CutoverOutcome,
  cutover,
  prepareCutover,
  settleCutover,
  switchWriters,
} from './walk';
