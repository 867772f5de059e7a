import { Token } from 'aws-cdk-lib';
import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import {
  acceptProblems,
  capabilitySince,
  isCidr,
  nameProblem,
  Problems,
  partNameProblem,
  partProblems,
  RDS_AUTHORITIES,
  selectionUses,
  supports,
  type TableSelection,
  type Topology,
  ValidationError,
} from '../../postgres';
import { engineProblems } from '../aurora';
import { claimNames, targetProblems } from '../migration';
import { monitoringProblems } from '../monitoring';
import type { AuroraMigrationProps, ReplicationPart } from './props';
import { selectSubnets } from './subnets';
import { auroraTopology, SERVERS, targetDatabase } from './topology';

/** What a migration is made of, once its props were checked. */
export interface CheckedMigration {
  /** Both clusters and the link between them, also before changes flow. */
  readonly topology: Topology;
  /** The subnets of the runner and of the host. */
  readonly subnets: readonly ISubnet[];
}

/** Checks everything about a migration. Throws a ValidationError with all that is wrong. */
export function validate(migration: Construct, props: AuroraMigrationProps): CheckedMigration {
  const what = `Aurora migration '${migration.node.id}'`;
  const problems = new Problems();
  const topology = checkTopology(props, problems);
  const { runner: subnets } = selectSubnets(props);
  problems.addIf(
    subnets.length === 0,
    "'subnets' must select at least one subnet, got none; choose subnets with a way to AWS's APIs",
  );
  checkSource(props, problems);
  checkTarget(props, topology, problems);
  checkReplication(props, problems);
  for (const problem of monitoringProblems(props.monitoring ?? {}))
    problems.add(problem.replace(/^'/, "'monitoring."));
  if (topology !== undefined) {
    for (const problem of acceptProblems(props.preflight?.accept ?? [], topology, SERVERS.source))
      problems.add(problem.replace(/^'/, "'preflight."));
  }
  checkNames(migration, props, problems);
  problems.throwIfAny(what);
  if (topology === undefined) throw new ValidationError(what, []);
  return { topology, subnets };
}

/** The topology's names for what the user gave as props. */
const PROPERTIES: readonly (readonly [string, string])[] = [
  [`'servers.${SERVERS.source}.database'`, "'source.databaseName'"],
  [`'servers.${SERVERS.source}.`, "'source."],
  [`'servers.${SERVERS.target}.database'`, "'target.databaseName'"],
  [`'servers.${SERVERS.target}.`, "'target."],
  ["'links[0].selection", "'replication.selection"],
  ["'links[0].slotName'", "'namePrefix'"],
  [`on '${SERVERS.source}'`, 'on the source'],
  ['leave it out or use a DMS link', 'leave it out'],
];

/** Parts of a selection that is wrong would say the same once more, by names that nobody typed. */
function checkTopology(props: AuroraMigrationProps, problems: Problems): Topology | undefined {
  const { parts = [], ...replication } = props.replication;
  const whole = checkWhole({ ...props, replication }, problems);
  const found = checkParts(replication.selection, parts);
  for (const problem of found) problems.add(problem);
  return whole === undefined || found.length > 0 ? undefined : auroraTopology(props);
}

function checkParts(
  selection: TableSelection,
  parts: readonly ReplicationPart[],
): readonly string[] {
  const what = 'replication.parts';
  const names = parts.map(({ name }) => name);
  const doubled = names.filter((name, index) => names.indexOf(name) < index);
  return [
    ...names.flatMap((name, index) => partNameProblem(name, `${what}[${index}].name`) ?? []),
    ...[...new Set(doubled)].map(
      (name) =>
        `'${what}' must have names of their own, got ${JSON.stringify(name)} twice; rename one`,
    ),
    ...(parts.length === 0
      ? []
      : partProblems(selection, parts, { of: 'replication.selection', what })),
  ];
}

function checkWhole(props: AuroraMigrationProps, problems: Problems): Topology | undefined {
  const found = new Problems();
  let topology: Topology | undefined;
  found.collect(() => {
    topology = auroraTopology(props);
  });
  for (const problem of found.list()) {
    // It is said of the source already.
    const copied =
      props.target.databaseName === undefined &&
      problem.startsWith(`'servers.${SERVERS.target}.database'`);
    if (!copied)
      problems.add(
        PROPERTIES.reduce((text, [name, typed]) => text.replaceAll(name, typed), problem),
      );
  }
  return topology;
}

function checkSource({ source }: AuroraMigrationProps, problems: Problems): void {
  const { existing, cluster, subnets, majorVersion, filled } = source;
  if (existing === undefined) {
    for (const problem of engineProblems(majorVersion, cluster?.engineVersion))
      problems.add(problem.replace("'engineVersion'", "'source.cluster.engineVersion'"));
    return;
  }
  for (const [name, value] of Object.entries({ cluster, subnets }))
    problems.addIf(
      value !== undefined,
      `'source.${name}' must be left out for an existing cluster, got options; remove them or 'source.existing'`,
    );
  problems.addIf(
    filled === false,
    "'source.filled' must be left out for an existing cluster, got false; deploy the migration once its schemas are there",
  );
  const problem = nameProblem(existing.username, 'source.existing.username');
  if (problem !== undefined) problems.add(problem);
  const { cidrs = [] } = existing.peering ?? {};
  problems.addIf(
    existing.peering !== undefined && cidrs.length === 0,
    "'source.existing.peering.cidrs' must name the networks of the source, got none; write them like 10.1.0.0/16",
  );
  for (const [index, cidr] of cidrs.entries())
    problems.addIf(
      !Token.isUnresolved(cidr) && !isCidr(cidr),
      `'source.existing.peering.cidrs[${index}]' must be a network as CIDR and not every address, got ${JSON.stringify(cidr)}; write it like 10.1.0.0/16`,
    );
}

function checkTarget(
  props: AuroraMigrationProps,
  topology: Topology | undefined,
  problems: Problems,
): void {
  const { target } = props;
  const role = { server: SERVERS.target, database: targetDatabase(props) };
  for (const problem of targetProblems(target, role, topology)) problems.add(problem);
  // One bundle of roots verifies both on the host of the schema copy.
  problems.addIf(
    target.existing !== undefined && target.existing.binding.caCertificate !== RDS_AUTHORITIES,
    `'target.existing.binding.caCertificate' must be '${RDS_AUTHORITIES}' for a cluster of Amazon Aurora, got another text; correct it`,
  );
}

function checkReplication({ replication, source }: AuroraMigrationProps, problems: Problems): void {
  const { selection, wayBack = true, passwordGeneration = 1, failoverSlot } = replication;
  problems.addIf(
    !Number.isInteger(passwordGeneration) || passwordGeneration < 1,
    `'replication.passwordGeneration' must be a whole number of at least 1, got ${passwordGeneration}; count it up by 1`,
  );
  problems.addIf(
    failoverSlot === true && !supports(source.majorVersion, 'slot-failover'),
    `'replication.failoverSlot' requires PostgreSQL ${capabilitySince('slot-failover')} or later on the source, got ${source.majorVersion}; leave it out`,
  );
  if (!wayBack) return;
  const uses = selectionUses(selection);
  for (const [used, what, rest] of [
    [uses.rowFilters, 'rowFilters', 'rows'],
    [uses.columns, 'columns', 'columns'],
  ] as const)
    problems.addIf(
      used,
      `'replication.selection.tables.${what}' cannot be given where there is a way back, since ${rest} that were left out are not on the target; remove it, or declare 'replication.wayBack: false'`,
    );
}

/** Roles and slots belong to a whole server, on which another migration may have the same ones. */
function checkNames(
  migration: Construct,
  { source, target, namePrefix }: AuroraMigrationProps,
  problems: Problems,
): void {
  const { existing } = source;
  const servers = [
    ...(existing === undefined
      ? []
      : [
          {
            host: existing.cluster.clusterEndpoint.hostname,
            port: existing.cluster.clusterEndpoint.port,
          },
        ]),
    ...(target.existing === undefined ? [] : [target.existing.binding]),
  ];
  for (const server of servers) {
    const problem = claimNames(migration, namePrefix, server);
    if (problem !== undefined) problems.add(problem);
  }
}
