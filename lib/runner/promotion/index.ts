export type { PromotionAction } from './actions';
export type {
  NotFollowing,
  PromotionEvent,
  PromotionOutcome,
  PromotionRequest,
  PromotionServices,
} from './context';
export { dryRunPromotion, type PromotionDryRun } from './dry-run';
export { type RejoinRequest, type RejoinScript, rejoin } from './rejoin';
export { takeBackPromotion } from './take-back-promotion';
export { promote } from './walk';
