import * as pulumi from '@pulumi/pulumi';
import { BlueGreenDeployment, ReplicationMethod, RunnerHost, type RunnerProxy } from 'pontoon/oci';

const config = new pulumi.Config();
const compartmentId = config.require('compartmentId');
const vcnId = config.require('vcnId');
const networks = {
  clients: [config.require('clientNetwork')],
  endpoint: [config.require('endpointNetwork')],
  databases: [config.require('databaseNetwork')],
  runner: [config.require('runnerNetwork')],
};
const majors = {
  blue: config.requireNumber('blueMajor'),
  green: config.requireNumber('greenMajor'),
};

const proxy = config.getObject<RunnerProxy>('proxy');

const runner = new RunnerHost('runner', {
  compartmentId,
  tenancyId: config.require('tenancyId'),
  availabilityDomain: config.require('availabilityDomain'),
  vcnId,
  subnetId: config.require('runnerSubnetId'),
  imageId: config.require('imageId'),
  pontoonPackage: config.require('pontoonPackage'),
  pontoonIntegrity: config.require('pontoonIntegrity'),
  clientMajorVersion: Math.max(majors.blue, majors.green),
  adminNetworks: [config.require('bastionNetwork')],
  databaseNetworks: networks.databases,
  hostKey: {
    publicKey: config.require('hostPublicKey'),
    privateKeySecretId: config.require('hostKeySecretId'),
  },
  publicKey: config.require('sshPublicKey'),
  privateKey: config.requireSecret('sshPrivateKey'),
  ...(proxy === undefined ? {} : { proxy }),
});

const deployment = new BlueGreenDeployment('shop', {
  compartmentId,
  vcnId,
  databaseSubnetId: config.require('databaseSubnetId'),
  endpointSubnetId: config.require('endpointSubnetId'),
  networks,
  database: config.require('database'),
  blue: {
    majorVersion: majors.blue,
    ...(config.getBoolean('blueRetired') === true
      ? { retired: true }
      : { dbSystem: { administrator: administrator('blue') } }),
  },
  green: { majorVersion: majors.green, dbSystem: { administrator: administrator('green') } },
  replication: {
    selection: { schemas: [config.require('schema')] },
    method: config.get<ReplicationMethod>('replication', {
      allowedValues: Object.values(ReplicationMethod),
    }),
    schemaCopied: config.requireBoolean('schemaCopied'),
  },
  vault: { vaultId: config.require('vaultId'), keyId: config.require('keyId') },
  runner: runner.connection,
  runnerGroupName: runner.groupName,
  names: { zone: config.require('zone') },
  alarms: { topicIds: [config.require('topicId')] },
});

/** What applications connect to, and as what `pontoon cutover` switches it, until blue is retired. */
export const host = deployment.host;
export const clientParameters = deployment.clientParameters;
export const caCertificates = deployment.caCertificates;
export const cutover = deployment.cutoverInput;

function administrator(side: 'blue' | 'green') {
  return {
    username: 'pontoon_admin',
    passwordSecretId: config.require(`${side}PasswordSecretId`),
    loginSecretId: config.require(`${side}LoginSecretId`),
  };
}
