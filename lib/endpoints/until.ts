import { setTimeout as delay } from 'node:timers/promises';

/** How long an answer is waited for. */
export interface Patience {
  /** Milliseconds. The last question is asked at their end. */
  readonly timeoutMs: number;
  /** Milliseconds between two questions. */
  readonly everyMs: number;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Asks until the answer satisfies, and returns the last one whether it does or not. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  satisfies: (answer: Answer) => boolean,
  { timeoutMs, everyMs, signal }: Patience,
): Promise<Answer> {
  const ends = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    const left = ends - performance.now();
    if (satisfies(answer) || left <= 0) return answer;
    await delay(Math.min(everyMs, left), undefined, signal === undefined ? {} : { signal });
  }
}
