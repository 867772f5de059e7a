import type { CutoverPlan } from '../postgres';

/**
 * What may be done once `writer` is open, as a plan from the old writer to the new one says it: commands are the same
 * in both directions, so that each must be named for the one that is meant.
 */
export function nextCommands({ to, reverse }: CutoverPlan, writer: string): string {
  if (writer !== to) return 'pontoon cutover, or pontoon finalize --back';
  return reverse === undefined
    ? 'pontoon finalize; there is no way back, as was declared'
    : 'pontoon rollback, or pontoon finalize';
}
