import { setTimeout as delay } from 'node:timers/promises';

/** How long an answer is waited for. */
export interface Patience {
  /** Milliseconds. The last question is asked at their end. */
  readonly timeoutMs: number;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Asks, at growing intervals, until the answer satisfies, and returns the last one whether it does or not. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  satisfies: (answer: Answer) => boolean,
  { timeoutMs, signal }: Patience,
): Promise<Answer> {
  const ends = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const answer = await ask();
    const left = ends - performance.now();
    if (satisfies(answer) || left <= 0) return answer;
    const pause = delay(Math.min(pauseMs, left), undefined, signal === undefined ? {} : { signal });
    // What was said when it was ended is told, not how the timer puts it.
    await pause.catch(() => signal?.throwIfAborted());
  }
}
