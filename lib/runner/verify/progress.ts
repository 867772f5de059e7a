/** How far a verification is. */
export interface VerifyProgress {
  /** Tables whose result is known. */
  readonly tablesDone: number;
  /** All tables. */
  readonly tables: number;
  /** Rows that were read on the source. */
  readonly rows: number;
  /** About how much of all is done, from 0 to 1. */
  readonly share: number;
  /** Seconds that the rest will take if it goes on like this; undefined while that cannot be told. */
  readonly secondsLeft?: number;
}

interface TableSize {
  readonly pages: number;
  readonly rows: number;
}

/** Below these an estimate would be a guess. */
const ENOUGH_SECONDS = 1;
const ENOUGH_SHARE = 0.005;

/** Adds up how far all tables are. What a table weighs are its pages: wide rows take longer than narrow ones. */
export class ProgressMeter {
  private readonly started = performance.now();
  private readonly shares: number[];
  private readonly done: Set<number> = new Set();
  private shareBefore = 0;
  private rows = 0;

  constructor(private readonly sizes: readonly TableSize[]) {
    this.shares = sizes.map(() => 0);
  }

  /** What an earlier run has done does not say how fast this one is. */
  public resumed(index: number, rows: number): void {
    this.shares[index] = this.shareOf(index, rows);
    this.shareBefore = this.share();
  }

  /** That `rows` more rows of a table were read, which makes `total` of it. */
  public read(index: number, rows: number, total: number): void {
    this.rows += rows;
    this.shares[index] = this.shareOf(index, total);
  }

  /** That a table's result is known. */
  public finish(index: number): void {
    this.shares[index] = 1;
    this.done.add(index);
  }

  /** How far everything is now. */
  public now(): VerifyProgress {
    const seconds = (performance.now() - this.started) / 1000;
    const share = this.share();
    const gained = share - this.shareBefore;
    const known = seconds >= ENOUGH_SECONDS && gained >= ENOUGH_SHARE;
    return {
      tablesDone: this.done.size,
      tables: this.sizes.length,
      rows: this.rows,
      share,
      ...(known ? { secondsLeft: (seconds * (1 - share)) / gained } : {}),
    };
  }

  private share(): number {
    const weights = this.sizes.map(({ pages }) => Math.max(1, pages));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const done = weights.reduce((sum, weight, i) => sum + weight * (this.shares[i] ?? 0), 0);
    return all === 0 ? 1 : done / all;
  }

  // The estimate of a table's rows may be old.
  private shareOf(index: number, rows: number): number {
    const estimate = this.sizes[index]?.rows ?? 0;
    return estimate === 0 ? 0 : Math.min(0.99, rows / estimate);
  }
}
