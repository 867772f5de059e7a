export type {
  NotFollowing,
  PromotionEvent,
  PromotionOutcome,
  PromotionRequest,
  PromotionServices,
} from './context';
export { dryRunPromotion, type PromotionAction, type PromotionDryRun } from './dry-run';
export { promote } from './walk';
