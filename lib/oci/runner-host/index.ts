export type { RunnerHostArgs, RunnerHostKey } from './args';
export { RunnerHost } from './runner-host';
export { WATCH } from './watch';
