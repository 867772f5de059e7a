export { type AccessOptions, deriveHba, originOf } from './derive-hba';
export { deriveFlows, type Flow, type FlowOptions, type FlowOrigin } from './flows';
export { type HbaRule, renderHba } from './hba';
export { readHba } from './read-hba';
