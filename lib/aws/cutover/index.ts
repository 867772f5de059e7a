export { CutoverStateMachine } from './cutover-state-machine';
export { CutoverEndpoint } from './endpoint';
export type {
  CutoverApproval,
  CutoverBounds,
  CutoverOptions,
  CutoverStateMachineProps,
  CutoverWay,
  CutoverWayBack,
} from './props';
