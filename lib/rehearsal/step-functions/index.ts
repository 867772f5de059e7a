export type { Execution, ExecutionOutcome } from './execution';
export type { HistoryEvent } from './history';
export { STEP_FUNCTIONS_STAND_IN } from './stand-in';
export {
  type StartedExecution,
  type StepFunctionsOptions,
  StepFunctionsStandIn,
} from './step-functions-stand-in';
export type { PublishedMessage } from './tasks';
