export type {
  CutoverEvent,
  CutoverRequest,
  CutoverServices,
  FinalComparison,
  ReplicationTask,
  SwitchedEndpoint,
} from './services';
export { abandon, type CutoverOutcome, cutover } from './walk';
