import type { CutoverContext } from './context';

/** Tries each of `works`, for `milliseconds` of its own; fails as the first of them that did, once all were tried. */
export async function eachTried(
  context: CutoverContext,
  milliseconds: number,
  works: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const failures: unknown[] = [];
  for (const work of works) {
    context.startClock(milliseconds);
    await work().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
