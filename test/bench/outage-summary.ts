/** What clients saw of several cutovers, in milliseconds. */
export interface OutageBench {
  readonly name: string;
  readonly runs: number;
  /** The rate at which clients wrote before. */
  readonly writesPerSecond: number;
  /** Of the longest time that any client waited, for each cutover. */
  readonly medianMs: number;
  readonly worstMs: number;
  /** Acknowledged writes that the new writer did not have, over all runs. */
  readonly lost: number;
  /** Those of them whose clients did not wait for the disk, `synchronous_commit = off`. */
  readonly lostUnflushed?: number;
  readonly each: readonly number[];
  /** How many tables the time sufficed for behind the fence, for each cutover; all were compared before it. */
  readonly tablesComparedBehindFence?: readonly string[];
}

/** Sums up what clients saw. */
export function summary(
  name: string,
  each: readonly number[],
  writesPerSecond: number,
  lost: number,
): OutageBench {
  const sorted = [...each].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const medianMs = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  const rounded = each.map((ms) => Math.round(ms));
  const worstMs = sorted.at(-1) ?? 0;
  return { name, runs: each.length, writesPerSecond, medianMs, worstMs, lost, each: rounded };
}
