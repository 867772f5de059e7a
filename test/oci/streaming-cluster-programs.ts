import * as oci from '@pulumi/oci';
import { AUTHORITY } from '../../examples/oci-streaming-cluster/authority';
import {
  type ClusterServer,
  PostgresHost,
  StreamingCluster,
  type StreamingClusterArgs,
} from '../../lib/oci';
import { LinkKind, Platform } from '../../lib/postgres';
import type { RegisteredResource } from '../../lib/rehearsal/pulumi-program';
import { COMPARTMENT, registered, SUBNET, VCN } from './programs';

const HERE = 'us-ashburn-1';
const AWAY = 'us-phoenix-1';

export const LOGINS = {
  administrator: 'pontoon',
  administratorSecretId: 'ocid1.vaultsecret.oc1.iad.administrator',
  standbySecretId: 'ocid1.vaultsecret.oc1.iad.standby',
  secretsRegion: HERE,
  administratorNetworks: ['10.1.1.0/24'],
};

export function server(address: string, others: Partial<ClusterServer> = {}): ClusterServer {
  return {
    region: HERE,
    availabilityDomain: 'xyz:US-ASHBURN-AD-1',
    address,
    certificateSecretId: 'ocid1.vaultsecret.oc1.iad.certificate',
    keySecretId: 'ocid1.vaultsecret.oc1.iad.key',
    machine: { imageId: 'ocid1.image.oc1.iad.ol9' },
    ...others,
  };
}

function network(region: string, provider: oci.Provider, subnetCidrBlock: string) {
  return { region, provider, vcnId: VCN, subnetId: SUBNET, subnetCidrBlock };
}

/** A program with a cluster in one network that is there. */
export function cluster(others: Partial<StreamingClusterArgs> = {}): () => void {
  return () => {
    const provider = new oci.Provider('home', { region: HERE });
    new StreamingCluster('orders', {
      compartmentId: COMPARTMENT,
      tenancyId: 'ocid1.tenancy.oc1..shop',
      homeProvider: provider,
      regions: { [HERE]: { network: network(HERE, provider, '10.1.1.0/24') } },
      servers: { one: server('10.1.1.11'), two: server('10.1.1.12') },
      primary: 'one',
      majorVersion: 17,
      database: 'orders',
      logins: LOGINS,
      tls: { caCertificate: AUTHORITY },
      ...others,
    });
  };
}

/** A program with a cluster in networks of two regions that are there, the other one with this provider and block. */
export function twoRegions(
  providerOf: (here: oci.Provider) => oci.Provider,
  block = '10.2.1.0/24',
): () => void {
  return () => {
    const provider = new oci.Provider(HERE, { region: HERE });
    const regions = {
      [HERE]: { network: network(HERE, provider, '10.1.1.0/24') },
      [AWAY]: { network: network(AWAY, providerOf(provider), block) },
    };
    const away = server(block.replace('.0/24', '.31'), { region: AWAY });
    cluster({ regions, servers: { one: server('10.1.1.11'), two: away } })();
  };
}

export const phoenix = (): oci.Provider => new oci.Provider(AWAY, { region: AWAY });

/** Registers one server by itself. */
export function host(provider?: oci.Provider): void {
  const database = { platform: Platform.OCI_VM, majorVersion: 17, database: 'orders' };
  const { certificateSecretId, keySecretId, machine } = server('');
  new PostgresHost(
    'one',
    {
      compartmentId: COMPARTMENT,
      vcnId: VCN,
      subnetId: SUBNET,
      region: HERE,
      availabilityDomain: 'xyz:US-ASHBURN-AD-1',
      topology: {
        servers: {
          one: { ...database, maxSlotWalKeepMiB: 1024 },
          two: { ...database, maxSlotWalKeepMiB: 1024 },
        },
        links: [{ kind: LinkKind.PHYSICAL, from: 'one', to: 'two' }],
      },
      server: 'one',
      addresses: { one: '10.1.1.11', two: '10.1.1.12' },
      logins: LOGINS,
      tls: { caCertificate: AUTHORITY },
      certificateSecretId,
      keySecretId,
      machine,
    },
    provider === undefined ? {} : { provider },
  );
}

/** Programs that are refused. What is wrong with them is known once providers are. */
export const programs: Readonly<Record<string, () => Promise<RegisteredResource[]>>> = {
  'provider of another region': () =>
    registered(twoRegions(() => new oci.Provider('london', { region: 'uk-london-1' }))),
  'provider of no region': () => registered(twoRegions(() => new oci.Provider('any', {}))),
  'a home region that is none': () =>
    registered(() => cluster({ homeProvider: new oci.Provider('far', { region: 'ashburn' }) })()),
  'a host of another region': () =>
    registered(() => host(new oci.Provider('london', { region: 'uk-london-1' }))),
  'a host of no region': () => registered(() => host()),
};
