import type { CutoverPlan } from '../postgres';

/** The commands that move writers. */
export type WalkName = 'cutover' | 'rollback';

/**
 * What may be done once `walked` has opened its writer. Both directions are one walk of one code, so that each command
 * must be named for the one that is meant.
 */
export function nextCommands(walked: WalkName, reverse: CutoverPlan['reverse']): string {
  if (walked === 'rollback') return 'pontoon cutover, or pontoon finalize --back';
  return reverse === undefined
    ? 'pontoon finalize; there is no way back, as was declared'
    : 'pontoon rollback, or pontoon finalize';
}
