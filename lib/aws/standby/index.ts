export { certificateProblem } from './certificates';
export { IntermediaryStandby, type StandbyTarget } from './intermediary-standby';
export { networkProblems, subnetAddressProblem } from './network';
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
export { hostProblem, hostProblems, superuserProblem } from './validate';
