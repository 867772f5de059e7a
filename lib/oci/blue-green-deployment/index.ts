export {
  type BlueGreenAlarms,
  type BlueGreenCutover,
  type BlueGreenDeploymentArgs,
  type BlueGreenNetworks,
  type BlueGreenReplication,
  type BlueGreenSide,
  type ExistingDbSystem,
  ReplicationMethod,
  type ReplicationVault,
} from './args';
export { BlueGreenDeployment } from './blue-green-deployment';
