import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { type ClusterServer, PeeredVcns, StreamingCluster } from 'pontoon/oci';
import { AUTHORITY } from './authority';

const config = new pulumi.Config();
const primaryRegion = config.require('primaryRegion');
const replicaRegion = config.require('replicaRegion');
const compartmentId = config.require('compartmentId');
const certificates =
  config.requireObject<Record<string, { certificate: string; key: string }>>('certificates');
const sshPublicKey = config.get('sshPublicKey');
const topics = config.requireObject<Record<string, string>>('alarmTopics');

const providerOf = (region: string): oci.Provider => new oci.Provider(region, { region });
const homeRegion = config.require('homeRegion');
const providers = { primary: providerOf(primaryRegion), replica: providerOf(replicaRegion) };
const homeProvider = homeRegion === primaryRegion ? providers.primary : providerOf(homeRegion);

const peered = new PeeredVcns('orders', {
  compartmentId,
  regions: {
    [primaryRegion]: {
      provider: providers.primary,
      cidrBlock: '10.10.0.0/16',
      subnetCidrBlock: '10.10.1.0/24',
    },
    [replicaRegion]: {
      provider: providers.replica,
      cidrBlock: '10.20.0.0/16',
      subnetCidrBlock: '10.20.1.0/24',
    },
  },
});

const [firstDomain = '', secondDomain = ''] = config
  .require('primaryAvailabilityDomains')
  .split(',');
const [thirdDomain = '', fourthDomain = ''] = config
  .require('replicaAvailabilityDomains')
  .split(',');

function server(
  name: string,
  region: string,
  availabilityDomain: string,
  address: string,
): ClusterServer {
  const secrets = certificates[name];
  if (secrets === undefined) throw new Error(`'certificates' must name ${name}`);
  return {
    region,
    availabilityDomain,
    address,
    certificateSecretId: secrets.certificate,
    keySecretId: secrets.key,
    machine: {
      imageId: config.require(region === primaryRegion ? 'primaryImageId' : 'replicaImageId'),
      ...(sshPublicKey === undefined ? {} : { sshPublicKey }),
    },
  };
}

const quorum = config.getNumber('quorum') ?? 0;

const cluster = new StreamingCluster('orders', {
  compartmentId,
  tenancyId: config.require('tenancyId'),
  homeProvider,
  regions: {
    [primaryRegion]: {
      network: peered.networkIn(primaryRegion),
      alarmTopicId: topics[primaryRegion],
    },
    [replicaRegion]: {
      network: peered.networkIn(replicaRegion),
      alarmTopicId: topics[replicaRegion],
    },
  },
  servers: {
    east1: server('east1', primaryRegion, firstDomain, '10.10.1.11'),
    east2: server('east2', primaryRegion, secondDomain, '10.10.1.12'),
    west1: server('west1', replicaRegion, thirdDomain, '10.20.1.11'),
    west2: server('west2', replicaRegion, fourthDomain, '10.20.1.12'),
  },
  primary: 'east1',
  archiveRegion: replicaRegion,
  majorVersion: config.getNumber('majorVersion') ?? 17,
  database: 'orders',
  logins: {
    administrator: 'pontoon',
    administratorSecretId: config.require('administratorSecretId'),
    standbySecretId: config.require('standbySecretId'),
    secretsRegion: primaryRegion,
    administratorNetworks: ['10.10.1.0/24', '10.20.1.0/24'],
    clients: [{ role: 'shop', networks: ['10.10.2.0/24', '10.20.2.0/24'] }],
    shellNetworks: config.getObject<string[]>('shellNetworks') ?? [],
  },
  tls: { caCertificate: AUTHORITY },
  ...(quorum === 0 ? {} : { synchronous: { quorum, standbys: ['east2', 'west1', 'west2'] } }),
});

/** What `pontoon promote` reads. */
export const promotion = {
  topology: cluster.topology,
  connections: Object.fromEntries(
    Object.entries(cluster.bindings).map(([name, binding]) => [
      name,
      { ...binding, sslMode: 'verify-full' },
    ]),
  ),
};
