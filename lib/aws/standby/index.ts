export { IntermediaryStandby, type StandbyTarget } from './intermediary-standby';
export {
  type AmazonLinuxOptions,
  OperatingSystem,
  type OperatingSystemOptions,
  PackageSource,
} from './operating-system';
export {
  type IntermediaryStandbyProps,
  SignalWhen,
  type StandbyHostOptions,
  type StandbyPrimary,
} from './props';
export { SourceRoute } from './source-route';
export { hostProblems, isCidr, isIpv4 } from './validate';
