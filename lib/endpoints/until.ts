import { setTimeout as delay } from 'node:timers/promises';

/** How long an answer is waited for. */
export interface Patience {
  /** Milliseconds. The last question is asked at their end. */
  readonly timeoutMs: number;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Applications may be kept out meanwhile: at most by this part is what takes long made longer. */
const PAUSE_PER_ELAPSED = 0.25;

/** Asks, at growing intervals, until the answer satisfies, and returns the last one whether it does or not. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  satisfies: (answer: Answer) => boolean,
  { timeoutMs, signal }: Patience,
): Promise<Answer> {
  const began = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    // An answer that was long on its way says nothing about the end.
    const isLast = performance.now() - began >= timeoutMs;
    const answer = await ask();
    if (satisfies(answer) || isLast) return answer;
    const elapsed = performance.now() - began;
    const left = Math.max(timeoutMs - elapsed, 0);
    const pauseMs = Math.max(
      SHORTEST_PAUSE_MS,
      Math.min(PAUSE_PER_ELAPSED * elapsed, LONGEST_PAUSE_MS),
    );
    const pause = delay(Math.min(pauseMs, left), undefined, signal === undefined ? {} : { signal });
    // What was said when it was ended is told, not how the timer puts it.
    await pause.catch(() => signal?.throwIfAborted());
  }
}
