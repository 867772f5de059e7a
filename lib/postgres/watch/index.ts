export type { AlarmOptions, AlarmRule } from './alarm-rule';
export { deriveAlarms } from './alarms';
export {
  METRIC_UNITS,
  type Metric,
  type MetricName,
  type MetricUnit,
  type Reading,
} from './metric';
export {
  deriveWatchPoints,
  linkName,
  readWatchPoint,
  type WatchedLink,
  type WatchPoint,
} from './points';
export { watchSql } from './query';
export {
  readMetrics,
  readNothing,
  type SlotRow,
  type SubscriptionRow,
  type WatchRow,
} from './read';
export { anyCutover, type SwitchedOff, stillOn, switchedOff } from './switched-off';
export { deriveWayBackAlarms } from './way-back-alarms';
