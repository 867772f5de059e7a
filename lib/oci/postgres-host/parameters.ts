import * as pulumi from '@pulumi/pulumi';
import {
  clusterOf,
  createTopology,
  deriveHba,
  deriveSettings,
  type HbaRule,
  namesOf,
  primaryOf,
  type RequiredSetting,
  renderConf,
  renderHba,
  serverOf,
  slotNameFor,
  supports,
  type TopologyProps,
} from '../../postgres';
import { HostSslMode, type PostgresHostArgs } from './args';
import { LOCAL_ROLE, SERVER_FILES, type ServerFiles } from './files';

/** The port of every server. */
export const HOST_PORT = 5432;

/** Where the data volume is attached, and so what it is called on the machine. */
export const VOLUME_DEVICE = '/dev/oracleoci/oraclevdb';

/** The volume is formatted, the primary copied and replayed in this time, or the boot begins again. */
const TIMEOUT_SECONDS = 6 * 3600;

/** The files of a server, once all that Pulumi computes is known. */
export function serverFiles(args: PostgresHostArgs): pulumi.Output<ServerFiles> {
  const { archive, logins, compartmentId, metricsNamespace = '' } = args;
  return pulumi
    .all([
      logins.standbySecretId,
      logins.administratorSecretId,
      args.certificateSecretId,
      args.keySecretId,
      compartmentId,
      archive?.namespace ?? '',
      archive?.bucket ?? '',
    ])
    .apply(
      ([
        standby,
        administrator,
        certificate,
        key,
        compartment,
        namespace,
        bucket,
      ]): ServerFiles => ({
        parameters: {
          ...plainParameters(args),
          STANDBY_SECRET_ID: standby,
          ADMINISTRATOR_SECRET_ID: administrator,
          CERTIFICATE_SECRET_ID: certificate,
          KEY_SECRET_ID: key,
          METRICS_COMPARTMENT_ID: metricsNamespace === '' ? '' : compartment,
          METRICS_NAMESPACE: metricsNamespace,
        },
        settings: renderConf(settingsOf(args)),
        hba: renderHba(hbaOf(args)),
        caCertificate: args.tls.caCertificate,
        ...(archive === undefined
          ? {}
          : {
              archive: {
                REGION: archive.region,
                NAMESPACE: namespace,
                BUCKET: bucket,
                PREFIX: archive.prefix,
              },
            }),
      }),
    );
}

/** How standbys of the cluster check certificates. */
export function sslModeOf({ topology, server, tls }: PostgresHostArgs): HostSslMode {
  const { majorVersion } = serverOf(topology, server);
  const finds = supports(majorVersion, 'certificate-address');
  return tls.sslMode ?? (finds ? HostSslMode.VERIFY_FULL : HostSslMode.VERIFY_CA);
}

/** The networks that connect to the server's port. */
export function admittedNetworks(args: PostgresHostArgs): string[] {
  return [...new Set(hbaOf(args).map(({ address }) => address))].sort();
}

/** The other servers of the cluster, by their addresses. */
export function peersOf({ topology, server, addresses }: PostgresHostArgs): string[] {
  return clusterOf(topology, server)
    .filter((other) => other !== server)
    .map((other) => addresses[other] ?? '');
}

function plainParameters(args: PostgresHostArgs): Record<string, string> {
  const { topology, server, addresses, logins, machine } = args;
  const { majorVersion, database } = serverOf(topology, server);
  const primary = primaryOf(createTopology(topology), server);
  const replicates = primary !== server;
  return {
    REGION: args.region,
    SECRETS_REGION: logins.secretsRegion,
    SERVER: server,
    MAJOR: String(majorVersion),
    PACKAGES: 'pgdg',
    PGDG_URL: machine.packagesUrl ?? '',
    CLI_PACKAGES: machine.cliPackages ?? 'python39-oci-cli',
    VOLUME_ID: `the data volume of ${server}`,
    VOLUME_DEVICE,
    ADDRESS: addresses[server] ?? '',
    ADMITTED_CIDRS: admittedNetworks(args).join(' '),
    PEERS: peersOf(args).join(' '),
    PRIMARY_HOST: replicates ? (addresses[primary] ?? '') : '',
    PRIMARY_PORT: String(HOST_PORT),
    PRIMARY_SSLMODE: sslModeOf(args),
    SLOT: replicates ? slotOf(topology, server) : '',
    OWN_SLOT: slotOf(topology, server),
    APPLICATION_NAME: server,
    SLOTS: clusterOf(topology, server)
      .filter((other) => other !== server)
      .map((other) => slotOf(topology, other))
      .join(' '),
    STANDBY_ROLE: namesOf(topology).standbyRole,
    ADMINISTRATOR: logins.administrator,
    DATABASE: database,
    LOCAL_ROLE,
    LOCALE: 'C.UTF-8',
    MAX_RATE: '',
    TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
  };
}

/** The slot by which `server` reads, on whichever server is the primary. */
function slotOf({ links, namePrefix }: TopologyProps, server: string): string {
  const link = links.find(({ to }) => to === server);
  return link?.slotName ?? slotNameFor(server, { namePrefix });
}

function settingsOf({ topology, server, archive }: PostgresHostArgs): RequiredSetting[] {
  const derived = deriveSettings(createTopology(topology), server);
  if (archive === undefined) return derived;
  const set = (name: string, value: string, reason: string): RequiredSetting => ({
    name,
    value,
    rule: 'equal',
    restart: name === 'archive_mode',
    reason,
  });
  return [
    ...derived,
    set('archive_mode', 'on', 'the primary keeps its log in Object Storage'),
    set('archive_command', `/bin/bash ${SERVER_FILES.archiver} put %p %f`, 'how it does'),
    set('archive_timeout', '300', 'a quiet server loses no more than this many seconds'),
    set(
      'restore_command',
      `/bin/bash ${SERVER_FILES.archiver} get %f %p`,
      'a standby finds there what its primary does not have any more',
    ),
  ];
}

function hbaOf({ topology, server, addresses, logins }: PostgresHostArgs): HbaRule[] {
  const hosts = Object.entries(addresses).map(([name, address]) => [name, [`${address}/32`]]);
  const derived = deriveHba(createTopology(topology), server, {
    administrator: logins.administrator,
    addresses: { ...Object.fromEntries(hosts), runner: logins.administratorNetworks },
  });
  const { database } = serverOf(topology, server);
  const clients = (logins.clients ?? []).flatMap(({ role, networks }) =>
    networks.map(
      (address): HbaRule => ({
        database,
        physical: false,
        user: role,
        address,
        purpose: 'an application',
      }),
    ),
  );
  return [...derived, ...clients];
}
