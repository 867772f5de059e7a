export type { Answers } from './answers';
export { type ProgramOptions, recordProgram } from './record';
export type { MarkedSecret, RegisteredResource } from './registered-resource';
