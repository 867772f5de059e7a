import { setTimeout as delay } from 'node:timers/promises';
import { Obstacle, TIME_SPENT } from './reader';

/** How fast a table may be compared, and until when. */
export class Pace {
  constructor(
    private readonly load: number,
    /** A time of performance.now(); Infinity if there is no hurry. */
    private readonly ends: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Milliseconds left for the next statement; 0 for no limit. Throws an Obstacle when none are. */
  public msLeft(): number {
    this.signal?.throwIfAborted();
    if (this.ends === Number.POSITIVE_INFINITY) return 0;
    const left = this.ends - performance.now();
    if (left <= 0) throw new Obstacle(TIME_SPENT);
    return left;
  }

  /** Pauses for as long as `workedMs` of work demand. */
  public async rest(workedMs: number): Promise<void> {
    if (this.load < 1) await this.pause(workedMs * (1 / this.load - 1));
  }

  /** Waits for `ms`, though not beyond the end. */
  public async pause(ms: number): Promise<void> {
    const left = Math.max(0, Math.min(ms, this.ends - performance.now()));
    await delay(left, undefined, this.signal === undefined ? {} : { signal: this.signal }).catch(
      (error: unknown) => {
        this.signal?.throwIfAborted();
        throw error;
      },
    );
  }
}
