export { type RunbookOptions, renderRunbook } from './runbook';
