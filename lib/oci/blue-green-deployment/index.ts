export type {
  BlueGreenAlarms,
  BlueGreenCutover,
  BlueGreenDeploymentArgs,
  BlueGreenNetworks,
  BlueGreenSide,
  ExistingDbSystem,
} from './args';
export { BlueGreenDeployment } from './blue-green-deployment';
export {
  type BlueGreenReplication,
  ReplicationMethod,
  type ReplicationVault,
} from './replication-args';
