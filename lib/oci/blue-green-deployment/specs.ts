import type * as pulumi from '@pulumi/pulumi';
import {
  createTopology,
  DatabaseRight,
  linksInto,
  namesOf,
  PublisherSslMode,
  SlotPlugin,
  selectedSchemas,
  slotNameOf,
} from '../../postgres';
import type { DatabaseBinding } from '../database-object';
import type { BlueGreenDeploymentArgs } from './args';
import { blueGreenTopology, SERVERS } from './topology';

/** Where hosts of OCI are said to keep their certificate authorities. */
const ROOT_CERTIFICATES = '/etc/opt/postgresql/ca-bundle.pem';

/** The names of everything that replicates. */
export function replicationNames(args: BlueGreenDeploymentArgs): {
  readonly replication: string;
  readonly readerRole: string;
  readonly reverse: string;
} {
  const { namePrefix = 'pontoon' } = args;
  const { replication, readerRole } = namesOf(args);
  return { replication, readerRole, reverse: `${namePrefix}_reverse` };
}

/** Where a database finds the other one, whose certificate it checks. */
export function publisherAt(
  { server, host, port, database }: DatabaseBinding,
  secret: pulumi.Input<string>,
  { replication }: BlueGreenDeploymentArgs,
) {
  const { sslMode = PublisherSslMode.VERIFY_FULL, sslRootCert = ROOT_CERTIFICATES } = replication;
  const isChecked = sslMode !== PublisherSslMode.REQUIRE;
  const rootCert = isChecked ? sslRootCert : '';
  return { server, host, port, database, secret, sslMode, sslRootCert: rootCert };
}

/** A role that reads and decodes what is replicated. */
export function roleSpec(
  name: string,
  secret: pulumi.Input<string>,
  { replication }: BlueGreenDeploymentArgs,
) {
  return {
    kind: 'role',
    name,
    secret,
    replication: true,
    memberOf: [],
    database: [DatabaseRight.CONNECT],
    readSchemas: selectedSchemas(replication.selection),
    writeSchemas: [],
  };
}

/** The row that travels like any other. */
export function canarySpec(readers: string[]) {
  return { kind: 'canary', readers, writers: [] };
}

/** What a database publishes under `name`. */
export function publicationSpec(name: string, { replication }: BlueGreenDeploymentArgs) {
  const { selection } = replication;
  return { kind: 'publication', name, selection, viaPartitionRoot: true, canary: true };
}

/** What keeps the changes for the green database. */
export function slotSpec(args: BlueGreenDeploymentArgs) {
  return {
    kind: 'logical-slot',
    name: slotOf(args),
    plugin: SlotPlugin.PGOUTPUT,
    failover: false,
  };
}

/** What has the green database follow `blue`. */
export function subscriptionSpec(
  args: BlueGreenDeploymentArgs,
  blue: DatabaseBinding,
  secret: pulumi.Input<string>,
) {
  const { replication } = replicationNames(args);
  return {
    kind: 'subscription',
    name: replication,
    publisher: publisherAt(blue, secret, args),
    publications: [replication],
    slotName: slotOf(args),
    copyData: true,
    enabled: true,
    originNone: false,
    selection: args.replication.selection,
  };
}

/** A database as pglogical knows it. It finds itself with `secret`, and is read by `readers`, by `slots`. */
export function nodeSpec(
  args: BlueGreenDeploymentArgs,
  server: DatabaseBinding,
  {
    secret,
    ...others
  }: {
    readonly readers: string[];
    readonly slots: string[];
    readonly secret: pulumi.Input<string>;
  },
) {
  const local = publisherAt(server, secret, args);
  return { kind: 'pglogical-node', name: server.server, ...others, local };
}

/** What a node sends under `name`. On the way back nothing is copied, since everything came from there. */
export function replicationSetSpec(
  name: string,
  { replication }: BlueGreenDeploymentArgs,
  copyData: boolean,
) {
  const { selection, insertOnlyTables: insertOnly = [] } = replication;
  return { kind: 'pglogical-replication-set', name, selection, insertOnly, canary: true, copyData };
}

/** What has the node of the green database receive what the one of `blue` sends. */
export function pglogicalSubscriptionSpec(
  args: BlueGreenDeploymentArgs,
  blue: DatabaseBinding,
  secret: pulumi.Input<string>,
) {
  const { replication } = replicationNames(args);
  return {
    kind: 'pglogical-subscription',
    name: replication,
    provider: publisherAt(blue, secret, args),
    replicationSet: replication,
    selection: args.replication.selection,
    slotName: slotOf(args),
    copyData: true,
    enabled: true,
  };
}

/** The slot by which the green database reads. */
export function slotOf(args: BlueGreenDeploymentArgs): string {
  const topology = createTopology(blueGreenTopology(args));
  const [link] = linksInto(topology, SERVERS.green);
  if (link === undefined) throw new TypeError('both databases must be linked');
  return slotNameOf(topology, link);
}
