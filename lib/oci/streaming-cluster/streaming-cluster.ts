import * as pulumi from '@pulumi/pulumi';
import { plainTopology, type Topology, type TopologyProps } from '../../postgres';
import type { DatabaseBinding } from '../database-object';
import { HOST_PORT, PostgresHost } from '../postgres-host';
import { compartmentIn } from '../regions';
import { createAlarms } from './alarms';
import { createArchive } from './archive';
import type { StreamingClusterArgs } from './args';
import { uniqueName } from './names';
import { createPermissions } from './permissions';
import { validate } from './validate';

/**
 * A primary and its replicas, in one region or several: streaming replication by physical slots, asynchronous unless a
 * quorum is named, the log kept in Object Storage, and alarms.
 *
 * - Replicas log in by TLS with a password from the vault, from their own addresses only, as a role that can do nothing
 *   else but stream and, for `pg_rewind`, read the server's files.
 * - Any replica can become the primary: `pontoon promote`. Nothing here promotes one, and a later `pulumi up` does not
 *   notice: what the data is decides what a server is.
 * - The archive lies in one region. Put it into another one than the primary's: if it is lost with the primary, whichever
 *   replica is promoted keeps its log on its own disk until it is told of another bucket. The promotion says so, and the
 *   runbook how.
 * - Dynamic group, bucket and the namespace of metrics are named after project, stack and cluster.
 * - The archive is the log only, for replicas that fell behind. It is no backup: nothing here takes copies of the data.
 *
 * @throws ValidationError with everything about the args that cannot work
 * @see https://www.postgresql.org/docs/current/warm-standby.html
 */
export class StreamingCluster extends pulumi.ComponentResource {
  /** The servers, and the links between them. */
  public readonly topology: TopologyProps;
  /** The machines' OCIDs, by server. */
  public readonly instanceIds: { [server: string]: pulumi.Output<string> };
  /** Where the servers are, and the administrator's login, by server. */
  public readonly bindings: { [server: string]: DatabaseBinding };

  constructor(name: string, args: StreamingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super('pontoon:index:StreamingCluster', name, args, opts);
    const topology = validate(name, args);
    this.topology = plainTopology(topology);
    const archive = createArchive(name, args, this);
    const metricsNamespace = `pontoon_${uniqueName(name)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '_')}`;
    const places = Object.entries(args.servers);
    const hosts = places.map(([server]) => ({
      server,
      host: createHost(name, args, { server, topology, archive, metricsNamespace }, this),
    }));
    this.instanceIds = Object.fromEntries(
      hosts.map(({ server, host }) => [server, host.instance.id]),
    );
    createPermissions(
      name,
      args,
      hosts.map(({ host }) => host),
      { bucket: archive.bucket, metricsNamespace },
      this,
    );
    const slotMiB = topology.servers[args.primary]?.maxSlotWalKeepMiB ?? 0;
    createAlarms(name, args, { namespace: metricsNamespace, slotMiB }, this);
    this.bindings = Object.fromEntries(
      places.map(([server, { address: host }]) => [
        server,
        {
          server,
          host,
          port: HOST_PORT,
          database: args.database,
          secret: args.logins.administratorSecretId,
          caCertificate: args.tls.caCertificate,
        },
      ]),
    );
    this.registerOutputs({ topology: this.topology, bindings: this.bindings });
  }
}

interface Shared {
  readonly server: string;
  readonly topology: Topology;
  readonly archive: ReturnType<typeof createArchive>;
  readonly metricsNamespace: string;
}

function createHost(
  name: string,
  { servers, regions, compartmentId, logins, tls, protect }: StreamingClusterArgs,
  { server, topology, archive, metricsNamespace }: Shared,
  parent: pulumi.Resource,
): PostgresHost {
  const place = servers[server];
  const network = regions[place?.region ?? '']?.network;
  if (place === undefined || network === undefined) throw new Error(`no place for '${server}'`);
  const { region, availabilityDomain, certificateSecretId, keySecretId, machine } = place;
  const { provider } = network;
  return new PostgresHost(
    `${name}-${server}`,
    {
      compartmentId: compartmentIn(
        { region, at: `regions.${region}.network`, provider },
        compartmentId,
      ),
      vcnId: network.vcnId,
      subnetId: network.subnetId,
      region,
      availabilityDomain,
      topology: plainTopology(topology),
      server,
      addresses: Object.fromEntries(
        Object.entries(servers).map(([other, { address }]) => [other, address]),
      ),
      logins,
      tls,
      certificateSecretId,
      keySecretId,
      machine,
      archive,
      metricsNamespace,
      ...(protect === undefined ? {} : { protect }),
    },
    { parent, providers: [provider] },
  );
}
