/** How a value is counted, in CloudWatch's words. */
export type MetricUnit = 'Bytes' | 'Seconds' | 'Count';

/** Every metric, and its unit. States are counts of 0 or 1. */
export const METRIC_UNITS = {
  /** Of a link: what the receiver has not confirmed of the sender's log. */
  LagBytes: 'Bytes',
  /** Of a link: how old the changes are that the receiver has. */
  LagSeconds: 'Seconds',
  /** Of a link: 1 if nobody reads its slot. */
  LinkDown: 'Count',
  /** Of a native link: 1 if the subscription is missing, disabled or without its worker. */
  SubscriptionDown: 'Count',
  /** Of a native link: errors since the subscription was made, of applying and of copying tables. */
  SubscriptionErrors: 'Count',
  /** Of a native link: tables whose copy is not finished. */
  TablesLeft: 'Count',
  /** Of a slot: the log that it holds back. */
  RetainedWalBytes: 'Bytes',
  /** Of a slot: 1 if it was invalidated, which nothing mends but a new copy. */
  SlotLost: 'Count',
  /** Of a slot: 1 if it is not there. */
  SlotMissing: 'Count',
  /** Of a server: the most that any of its slots holds back, whoever made it. */
  MostRetainedWalBytes: 'Bytes',
  /** Of a server: the age of its oldest transaction, prepared ones included. */
  LongestTransactionSeconds: 'Seconds',
  /** Of a server: its databases, and the log that it keeps. */
  DataBytes: 'Bytes',
  /** Of a server: 1 if nobody can log in. */
  ServerDown: 'Count',
  /** Of a migration: 1 if applications are locked out although the deadline of its fence has passed, 0 if not. */
  FenceOverdue: 'Count',
  /** Of a migration: how many get past the fence on the old writer although the new one is open. */
  FencePassed: 'Count',
  /** Of a migration whose new writer is open: 1 if nobody carries what is written there to the old one. */
  WayBackDown: 'Count',
  /** Of such a migration: what the old writer has not confirmed of the new one's log. */
  WayBackLagBytes: 'Bytes',
  /** Of such a migration: the most that any slot on the new writer holds back. */
  WayBackRetainedWalBytes: 'Bytes',
  /** Of such a migration: 1 if a slot of the way back is gone or was invalidated, which nothing mends. */
  WayBackSlotLost: 'Count',
  /** Of a server: how many of its metrics could not be read. */
  Unreadable: 'Count',
} as const satisfies Record<string, MetricUnit>;

/** The name of a metric. */
export type MetricName = keyof typeof METRIC_UNITS;

/** One measured value. */
export interface Metric {
  /** What was measured. */
  readonly name: MetricName;
  /** How it is counted. */
  readonly unit: MetricUnit;
  /** The value. */
  readonly value: number;
  /** Of what: `Server`; `Server` and `Slot`; or `Link`. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What a run found out about one server. */
export interface Reading {
  /** What could be read, and `ServerDown` and `Unreadable`, which are always there. */
  readonly metrics: readonly Metric[];
  /** What could not be read, and why; such metrics have no value, least of all 0. */
  readonly unreadable: readonly string[];
}

/** The metric `name` with its unit. */
export function metric(
  name: MetricName,
  value: number,
  dimensions: Readonly<Record<string, string>>,
): Metric {
  return { name, unit: METRIC_UNITS[name], value, dimensions };
}
