export { renderCutoverRunbook } from './cutover-runbook';
export { type RunbookOptions, renderRunbook } from './runbook';
