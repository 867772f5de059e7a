export { renderCutoverRunbook } from './cutover-runbook';
export { renderRunbook } from './runbook';
export type { RunbookOptions } from './section';
