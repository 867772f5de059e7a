export { deriveFlows, type Flow, type FlowOrigin } from './flows';
export { type HbaRule, renderHba } from './hba';
