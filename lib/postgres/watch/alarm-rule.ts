import { METRIC_UNITS, type MetricName, type MetricUnit } from './metric';

/** Bytes in a mebibyte. */
export const MIB = 1024 * 1024;

/** What the limits depend on. */
export interface AlarmOptions {
  /** The size of the servers' data disks in GiB, by name; leave out those that somebody else watches or that grow. */
  readonly diskGiB?: Readonly<Record<string, number>>;
  /** How much WAL is written on the source, in MiB a second. */
  readonly writeMiBPerSecond: number;
  /**
   * The share of a disk that WAL held back by slots may take, between 0 and 1. The alarm comes at half of it.
   *
   * @default 0.2
   */
  readonly walShare?: number;
  /**
   * How old the changes may be that a receiver has, in seconds.
   *
   * @default 300
   */
  readonly maxLagSeconds?: number;
  /**
   * How long a transaction may run, in seconds. A slot keeps the log since its oldest transaction, and a new slot
   * waits for all of them.
   *
   * @default 3600
   */
  readonly maxTransactionSeconds?: number;
}

/** When people are told. */
export interface AlarmRule {
  /** Unique in the topology, of letters, digits and hyphens. */
  readonly id: string;
  /** The metric. */
  readonly metric: MetricName;
  /** How it is counted. */
  readonly unit: MetricUnit;
  /** Of what. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The alarm comes above it. */
  readonly threshold: number;
  /** Whether what counts is by how much the metric grew since the last run. */
  readonly growth: boolean;
  /** Runs in a row that must be above the threshold. */
  readonly runs: number;
  /** Whether silence is alarming: this metric is published by every run, so that without it nobody watches at all. */
  readonly silenceIsAlarming: boolean;
  /** What it means, and what follows. */
  readonly text: string;
}

/** A rule that counts three runs, unless `given` says otherwise. */
export function rule(
  id: string,
  name: MetricName,
  dimensions: Readonly<Record<string, string>>,
  given: Pick<AlarmRule, 'threshold' | 'text'> & Partial<AlarmRule>,
): AlarmRule {
  return {
    id,
    metric: name,
    unit: METRIC_UNITS[name],
    dimensions,
    growth: false,
    runs: 3,
    silenceIsAlarming: false,
    ...given,
  };
}

/** Mebibytes as people read them. */
export function size(mebibytes: number): string {
  return mebibytes < 1024 ? `${round(mebibytes)} MiB` : `${round(mebibytes / 1024)} GiB`;
}

/** Seconds as people read them. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${round(seconds)} s`;
  if (seconds < 7200) return `${round(seconds / 60)} min`;
  return seconds < 172_800 ? `${round(seconds / 3600)} h` : `${round(seconds / 86_400)} days`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
