export { renderCutoverRunbook } from './cutover-runbook';
export { renderPromotionRunbook } from './promotion-runbook';
export { renderRunbook } from './runbook';
export type { RunbookOptions } from './section';
