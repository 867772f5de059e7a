export {
  METRIC_UNITS,
  type Metric,
  type MetricName,
  type MetricUnit,
  type Reading,
} from './metric';
export { deriveWatchPoints, linkName, type WatchedLink, type WatchPoint } from './points';
export { watchSql } from './query';
export { readMetrics, readNothing, type WatchRow } from './read';
