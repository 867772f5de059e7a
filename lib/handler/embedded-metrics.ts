import type { Metric, Reading } from '../postgres';

/** Where metrics are published. */
export interface MetricsTarget {
  /** The namespace in CloudWatch. */
  readonly namespace: string;
  /** The first dimension of every metric, so that several migrations of an account do not mix. */
  readonly migration: string;
  /** When they were measured, in milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * `reading` as lines that CloudWatch Logs turns into metrics: one for each set of dimensions. What could not be read
 * stands, with its reason, beside the metrics of the server.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(reading: Reading, target: MetricsTarget): string[] {
  return bySet(reading.metrics).map((metrics) => {
    const dimensions = { Migration: target.migration, ...metrics[0]?.dimensions };
    const ofServer = metrics.some(({ name }) => name === 'Unreadable');
    return JSON.stringify({
      _aws: {
        Timestamp: target.timestamp,
        CloudWatchMetrics: [
          {
            Namespace: target.namespace,
            Dimensions: [Object.keys(dimensions)],
            Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
          },
        ],
      },
      ...dimensions,
      ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
      ...(ofServer && reading.unreadable.length > 0
        ? { UnreadableMetrics: reading.unreadable }
        : {}),
    });
  });
}

function bySet(metrics: readonly Metric[]): Metric[][] {
  const sets = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const key = JSON.stringify(Object.entries(metric.dimensions));
    sets.set(key, [...(sets.get(key) ?? []), metric]);
  }
  return [...sets.values()];
}
