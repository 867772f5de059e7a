/** The steps of a promotion by name. */
export type PromotionStepId =
  | 'look'
  | 'silence'
  | 'fence'
  | 'catch-up'
  | 'prepare'
  | 're-point'
  | 'promote'
  | 'lift'
  | 'follow'
  | 'keep-out'
  | 'take-back';

/** One step of a promotion. */
export interface PromotionStep {
  /** Stable, for reports and tests. */
  readonly id: PromotionStepId;
  /** What it does, as people read it while it runs. */
  readonly title: string;
}

/** What a promotion does of a primary that answers. */
export const PLANNED_STEPS: readonly PromotionStep[] = [
  { id: 'look', title: 'look at every server, and keep other operators out' },
  { id: 'fence', title: 'let nobody into the old primary any more, and end who is there' },
  { id: 'catch-up', title: 'prove that the new primary has the whole log' },
  { id: 'prepare', title: 'have the new primary keep its log for the others, and know its quorum' },
  { id: 're-point', title: 'have the others stream from it, so that none is ahead of it' },
  { id: 'promote', title: 'promote the new primary' },
  { id: 'lift', title: 'let clients into the new primary' },
  { id: 'follow', title: 'wait until the others stream' },
];

/** What a promotion does of a primary that is lost. */
export const LOST_STEPS: readonly PromotionStep[] = [
  { id: 'look', title: 'look at every server, and keep other operators out' },
  {
    id: 'silence',
    title:
      'make sure that no standby hears from the old primary, and that each has read its own log',
  },
  { id: 'prepare', title: 'have the new primary keep its log for the others, and know its quorum' },
  {
    id: 're-point',
    title: 'have the others stream from it, so that nobody follows the old primary',
  },
  { id: 'promote', title: 'promote the new primary' },
  { id: 'lift', title: 'let clients into the new primary' },
  { id: 'follow', title: 'wait until the others stream' },
];
