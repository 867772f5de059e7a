import { Token } from 'aws-cdk-lib';
import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import {
  acceptProblems,
  hbaNameProblem,
  isCidr,
  isIpv4,
  Problems,
  type Topology,
  ValidationError,
} from '../../postgres';
import { claimNames, targetProblems } from '../migration';
import { monitoringProblems } from '../monitoring';
import {
  certificateProblem,
  hostProblem,
  hostProblems,
  networkProblems,
  SignalWhen,
  subnetAddressProblem,
  superuserProblem,
} from '../standby';
import { cutoverProblems } from './cutover-checks';
import { dmsProblems } from './dms-plan';
import { hybridTopology, promotedTopology, SERVERS, targetDatabase } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import { Bridge, ReplicationMethod } from './replication-props';
import { type HybridSubnets, selectSubnets } from './subnets';

/** Subnets among which there is one for the standby. */
export interface CheckedSubnets extends HybridSubnets {
  readonly standby: ISubnet;
}

/** What a migration is made of, once its props were checked. */
export interface CheckedMigration {
  readonly topology: Topology;
  readonly subnets: CheckedSubnets;
}

/** Checks everything about a migration. Throws a ValidationError with all that is wrong. */
export function validate(migration: Construct, props: HybridMigrationProps): CheckedMigration {
  const what = `hybrid migration '${migration.node.id}'`;
  const problems = new Problems();
  const topology = checkTopology(props, problems);
  const subnets = selectSubnets(props);
  checkSource(props, problems);
  checkStandby(props, subnets, problems);
  const role = { server: SERVERS.target, database: targetDatabase(props) };
  for (const problem of targetProblems(props.target, role, topology)) problems.add(problem);
  checkReplication(props, problems);
  if (props.replication.method !== ReplicationMethod.NATIVE)
    for (const problem of dmsProblems(props, topology, subnets)) problems.add(problem);
  for (const problem of cutoverProblems(props)) problems.add(problem);
  if (topology !== undefined && props.standby.promoted !== true) {
    for (const problem of acceptProblems(props.preflight?.accept ?? [], topology, SERVERS.source))
      problems.add(problem.replace(/^'/, "'preflight."));
  }
  problems.addIf(
    subnets.runner.length === 0,
    "'subnets' must select at least one subnet, got none; choose subnets with a way to AWS's APIs",
  );
  problems.collect(() => checkNames(migration, props, problems));
  problems.throwIfAny(what);
  const { standby } = subnets;
  if (topology === undefined || standby === undefined) throw new ValidationError(what, []);
  return { topology, subnets: { ...subnets, standby } };
}

/** Roles and slots belong to a whole server, on which another migration may have the same ones. */
function checkNames(
  migration: Construct,
  { source, target, namePrefix }: HybridMigrationProps,
  problems: Problems,
): void {
  const servers = [
    { host: source.host, port: source.port ?? 5432 },
    ...(target.existing === undefined ? [] : [target.existing.binding]),
  ];
  for (const server of servers) {
    const problem = claimNames(migration, namePrefix, server);
    if (problem !== undefined) problems.add(problem);
  }
}

/** Checks the chain as it is, and as it will be after a promotion: nobody should learn only then what cannot work. */
function checkTopology(props: HybridMigrationProps, problems: Problems): Topology | undefined {
  const found = new Problems();
  let topology: Topology | undefined;
  found.collect(() => {
    topology = hybridTopology(props);
  });
  if (props.replication.bridge === Bridge.PROMOTE) found.collect(() => promotedTopology(props));
  for (const problem of new Set(found.list().map((text) => asTyped(text, props))))
    if (problem !== undefined) problems.add(problem);
  return topology;
}

const OTHER_BRIDGE =
  "set 'replication.bridge' to Bridge.PROMOTE, and 'standby.promoted' once you promoted the standby";

/** The topology's names for what the user gave as props. */
const PROPERTIES: readonly (readonly [string, string])[] = [
  [`'servers.${SERVERS.source}.database'`, "'source.databaseName'"],
  [`'servers.${SERVERS.source}.`, "'source."],
  [`'servers.${SERVERS.target}.database'`, "'target.databaseName'"],
  [`'servers.${SERVERS.target}.`, "'target."],
  ["'links[1].selection", "'replication.selection"],
  ["'links[1].from'", "'replication.bridge'"],
  [
    `promote '${SERVERS.standby}' and replicate from it as a primary ('promoted: true' on its physical link)`,
    OTHER_BRIDGE,
  ],
  ['use a DMS link', 'use ReplicationMethod.DMS'],
];

/** The problem in the user's words; undefined for what is only copied from another property. */
function asTyped(problem: string, { target }: HybridMigrationProps): string | undefined {
  const copied =
    problem.startsWith(`'servers.${SERVERS.standby}.`) ||
    // Slots are named after 'namePrefix'.
    /^'links\[\d\]\.slotName'/.test(problem) ||
    (target.databaseName === undefined &&
      problem.startsWith(`'servers.${SERVERS.target}.database'`));
  if (copied) return undefined;
  return PROPERTIES.reduce((text, [name, typed]) => text.replaceAll(name, typed), problem);
}

function checkSource({ source }: HybridMigrationProps, problems: Problems): void {
  const { cidrs, port, caCertificate, diskGiB } = source;
  addNameProblem(source.databaseName, 'source.databaseName', problems);
  for (const problem of networkProblems(cidrs, 'source.cidrs')) problems.add(problem);
  problems.addIf(
    port !== undefined &&
      !Token.isUnresolved(port) &&
      !(Number.isInteger(port) && port >= 1 && port <= 65_535),
    `'source.port' must be a whole number from 1 to 65535, got ${port}; correct it`,
  );
  problems.addIf(
    diskGiB !== undefined && !(diskGiB > 0),
    `'source.diskGiB' must be above 0, got ${diskGiB}; give the size of the disk that holds the source's data`,
  );
  addNameProblem(source.username, 'source.username', problems);
  // What is wrong with it for a server, the topology says.
  problems.addIf(
    /[\r\n]/.test(source.databaseName),
    `'source.databaseName' cannot contain a line break, got ${JSON.stringify(source.databaseName)}; rename it`,
  );
  const host = hostProblem(source.host, 'source.host');
  if (host !== undefined) problems.add(host);
  const user = superuserProblem(source.superuser ?? 'postgres', 'source.superuser');
  if (user !== undefined) problems.add(user);
  const certificate = certificateProblem(caCertificate, 'source.caCertificate');
  if (certificate !== undefined) problems.add(certificate);
}

function checkStandby(
  { standby, replication: { bridge, deferred } }: HybridMigrationProps,
  subnets: HybridSubnets,
  problems: Problems,
): void {
  problems.addIf(
    standby.promoted === true && bridge !== Bridge.PROMOTE,
    "'standby.promoted' must be left out unless 'replication.bridge' is Bridge.PROMOTE, got true; set the bridge or remove it",
  );
  problems.addIf(
    standby.applications !== undefined && bridge !== Bridge.PROMOTE,
    "'standby.applications' must be left out unless 'replication.bridge' is Bridge.PROMOTE, since nobody writes to a standby, got a list; set the bridge or remove it",
  );
  problems.addIf(
    standby.signalWhen === SignalWhen.COPY_BEGUN && deferred !== true && bridge !== Bridge.PROMOTE,
    "'standby.signalWhen' must be SignalWhen.STREAMING where the standby is read from in the same deployment, got COPY_BEGUN; set 'replication.deferred' until the copy is complete and the standby streams, then remove both",
  );
  problems.addIf(
    deferred === true && bridge === Bridge.PROMOTE,
    "'replication.deferred' must be left out with Bridge.PROMOTE, which replicates to the target only once the standby was promoted, got true; remove it",
  );
  for (const [index, { role, cidr }] of (standby.applications ?? []).entries()) {
    addNameProblem(role, `standby.applications[${index}].role`, problems);
    problems.addIf(
      !Token.isUnresolved(cidr) && !isCidr(cidr),
      `'standby.applications[${index}].cidr' must be one IPv4 network, got ${JSON.stringify(cidr)}; write it like 10.20.0.0/16`,
    );
  }
  for (const name of ['privateIpAddress', 'addressSeenBySource'] as const) {
    const address = standby[name];
    problems.addIf(
      address !== undefined && !Token.isUnresolved(address) && !isIpv4(address),
      `'standby.${name}' must be an IPv4 address, got ${JSON.stringify(address)}; ${name === 'privateIpAddress' ? 'choose one out of the subnet' : 'give the one that the source sees'}`,
    );
  }
  // The block of a subnet that was imported by its id alone is not known.
  if (standby.subnet === undefined) checkAddress(standby.privateIpAddress, subnets, problems);
  for (const problem of hostProblems(standby)) problems.add(problem.replace(/^'/, "'standby."));
}

function checkAddress(address: string, { standby }: HybridSubnets, problems: Problems): void {
  const block = standby?.ipv4CidrBlock;
  if (block === undefined || Token.isUnresolved(block) || Token.isUnresolved(address)) return;
  if (!isIpv4(address)) return;
  const problem = subnetAddressProblem(address, block, 'standby.privateIpAddress');
  if (problem !== undefined) problems.add(problem);
}

function checkReplication(
  { replication, monitoring }: HybridMigrationProps,
  problems: Problems,
): void {
  const { method, dms, reader, subscriptionSslMode } = replication;
  if (reader !== undefined)
    addNameProblem(reader.username, 'replication.reader.username', problems);
  problems.addIf(
    method === ReplicationMethod.NATIVE && dms !== undefined,
    "'replication.dms' must be left out with ReplicationMethod.NATIVE, got options; remove them or choose ReplicationMethod.DMS",
  );
  problems.addIf(
    method !== ReplicationMethod.NATIVE && subscriptionSslMode !== undefined,
    `'replication.subscriptionSslMode' must be left out with ReplicationMethod.DMS, got '${subscriptionSslMode}'; remove it`,
  );
  for (const problem of monitoringProblems(monitoring ?? {}))
    problems.add(problem.replace(/^'/, "'monitoring."));
}

function addNameProblem(name: string, what: string, problems: Problems): void {
  const problem = hbaNameProblem(name, what);
  if (problem !== undefined) problems.add(problem);
}
