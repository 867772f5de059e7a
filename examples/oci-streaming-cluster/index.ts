import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { type ClusterServer, PeeredVcns, StreamingCluster } from 'pontoon/oci';
import { AUTHORITY } from './authority';

const HOME = 'us-ashburn-1';
const AWAY = 'us-phoenix-1';

const config = new pulumi.Config();
const compartmentId = config.require('compartmentId');
const certificates =
  config.requireObject<Record<string, { certificate: string; key: string }>>('certificates');
const sshPublicKey = config.get('sshPublicKey');
const topics = config.requireObject<Record<string, string>>('alarmTopics');

const providerOf = (region: string): oci.Provider => new oci.Provider(region, { region });
const homeRegion = config.require('homeRegion');
const providers = { home: providerOf(HOME), away: providerOf(AWAY) };
const homeProvider = homeRegion === HOME ? providers.home : providerOf(homeRegion);

const peered = new PeeredVcns('orders', {
  compartmentId,
  regions: {
    [HOME]: {
      provider: providers.home,
      cidrBlock: '10.10.0.0/16',
      subnetCidrBlock: '10.10.1.0/24',
    },
    [AWAY]: {
      provider: providers.away,
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
      imageId: config.require(region === HOME ? 'primaryImageId' : 'replicaImageId'),
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
    [HOME]: { network: peered.networkIn(HOME), alarmTopicId: topics[HOME] },
    [AWAY]: { network: peered.networkIn(AWAY), alarmTopicId: topics[AWAY] },
  },
  servers: {
    east1: server('east1', HOME, firstDomain, '10.10.1.11'),
    east2: server('east2', HOME, secondDomain, '10.10.1.12'),
    west1: server('west1', AWAY, thirdDomain, '10.20.1.11'),
    west2: server('west2', AWAY, fourthDomain, '10.20.1.12'),
  },
  primary: 'east1',
  archiveRegion: AWAY,
  majorVersion: config.getNumber('majorVersion') ?? 17,
  database: 'orders',
  logins: {
    administrator: 'pontoon',
    administratorSecretId: config.require('administratorSecretId'),
    standbySecretId: config.require('standbySecretId'),
    secretsRegion: HOME,
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
