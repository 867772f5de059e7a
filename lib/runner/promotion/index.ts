export type {
  NotFollowing,
  PromotionEvent,
  PromotionOutcome,
  PromotionRequest,
  PromotionServices,
} from './context';
export { takeBackPromotion } from './cut-off';
export { dryRunPromotion, type PromotionAction, type PromotionDryRun } from './dry-run';
export { type RejoinRequest, type RejoinScript, rejoin } from './rejoin';
export { promote } from './walk';
