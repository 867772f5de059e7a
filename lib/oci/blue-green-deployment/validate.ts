import {
  createTopology,
  loginsProblems,
  nameProblem,
  Problems,
  PublisherSslMode,
} from '../../postgres';
import { listenerProblems, nameProblems, timeProblems } from '../blue-green-endpoint';
import { runnerProblems } from '../database-object';
import { networkProblems } from '../networks';
import { optionProblems } from '../postgres-db-system';
import type { BlueGreenDeploymentArgs } from './args';
import { cutoverPlan } from './cutover';
import { methodOf } from './method';
import { ReplicationMethod } from './replication-args';
import { blueGreenTopology, SERVERS } from './topology';

const LONGEST_BUDGET_SECONDS = 600;

/** Checks everything about a deployment that is plain. Throws a ValidationError with all that is wrong. */
export function validate(name: string, args: BlueGreenDeploymentArgs): void {
  const problems = new Problems();
  const found = new Problems();
  found.collect(() => createTopology(blueGreenTopology(args)));
  for (const problem of found.list()) problems.add(asTyped(problem));
  for (const side of ['blue', 'green'] as const) checkSide(args, side, problems);
  for (const [what, networks] of Object.entries(args.networks)) {
    problems.addIf(
      networks.length === 0,
      `'networks.${what}' must have at least one network, got none; nobody else is let in`,
    );
    for (const problem of networkProblems(networks, `networks.${what}`)) problems.add(problem);
  }
  for (const problem of [
    ...runnerProblems(args.runner),
    ...nameProblems(args.names),
    ...timeProblems(args),
    ...listenerProblems(args),
  ])
    problems.add(problem);
  const { generation = 1 } = args.vault;
  problems.addIf(
    !(Number.isInteger(generation) && generation >= 1),
    `'vault.generation' must be a whole number of at least 1, got ${generation}; correct it`,
  );
  checkMethod(args, problems);
  checkRest(args, problems);
  if (problems.list().length === 0)
    problems.collect(() => cutoverPlan(name, args, standInPublisher(args)));
  problems.throwIfAny(`blue-green deployment '${name}'`);
}

function checkSide(
  args: BlueGreenDeploymentArgs,
  side: 'blue' | 'green',
  problems: Problems,
): void {
  const { dbSystem, existing, retired } = args[side];
  if (retired === true) {
    problems.addIf(
      side === 'green',
      "'green.retired' cannot be true, since clients are led to the green database then; retire the blue one, or delete the deployment",
    );
    problems.addIf(
      dbSystem !== undefined || existing !== undefined,
      `'${side}' cannot have 'dbSystem' or 'existing' once it is retired, got ${dbSystem === undefined ? 'existing' : 'dbSystem'}; remove it`,
    );
    return;
  }
  problems.addIf(
    (dbSystem === undefined) === (existing === undefined),
    `'${side}' must have either 'dbSystem' or 'existing', got ${dbSystem === undefined ? 'neither' : 'both'}; say whether the database is new`,
  );
  if (dbSystem === undefined) return;
  for (const problem of optionProblems(dbSystem, `${side}.dbSystem.`)) problems.add(problem);
}

function checkMethod(args: BlueGreenDeploymentArgs, problems: Problems): void {
  const { insertOnlyTables = [] } = args.replication;
  problems.addIf(
    insertOnlyTables.length > 0 && methodOf(args) === ReplicationMethod.NATIVE,
    "'replication.insertOnlyTables' cannot be given where PostgreSQL itself replicates, which gives each table a replica identity; remove it, or say ReplicationMethod.PGLOGICAL",
  );
}

function checkRest({ replication, cutover, alarms }: BlueGreenDeploymentArgs, problems: Problems) {
  const { budgetSeconds = 60 } = cutover ?? {};
  problems.addIf(
    !(budgetSeconds >= 1 && budgetSeconds <= LONGEST_BUDGET_SECONDS),
    `'cutover.budgetSeconds' must be from 1 to ${LONGEST_BUDGET_SECONDS}, got ${budgetSeconds}; applications are kept out for as long`,
  );
  for (const problem of loginsProblems(cutover?.logins ?? {}, 'cutover.logins'))
    problems.add(problem);
  for (const [index, role] of (replication.readOnlyRoles ?? []).entries()) {
    const problem = nameProblem(role, `replication.readOnlyRoles[${index}]`);
    if (problem !== undefined) problems.add(problem);
  }
  problems.addIf(
    alarms !== undefined && alarms.topicIds.length === 0,
    "'alarms.topicIds' must name who is told, got none; name a topic or leave out 'alarms'",
  );
  const { cpuPercent = 85, slotLagMiB } = alarms ?? {};
  problems.addIf(
    slotLagMiB !== undefined && !(slotLagMiB >= 1),
    `'alarms.slotLagMiB' must be at least 1, got ${slotLagMiB}; correct it`,
  );
  problems.addIf(
    !(cpuPercent > 0 && cpuPercent <= 100),
    `'alarms.cpuPercent' must be above 0 and at most 100, got ${cpuPercent}; correct it`,
  );
}

/** The topology's names for what the user gave as args. */
function asTyped(problem: string): string {
  return [
    [`'servers.${SERVERS.blue}.database'`, "'database'"],
    [`'servers.${SERVERS.green}.database'`, "'database'"],
    [`'servers.${SERVERS.blue}.maxSlotWalKeepMiB'`, "'replication.maxSlotWalKeepMiB'"],
    [`'servers.${SERVERS.green}.maxSlotWalKeepMiB'`, "'replication.maxSlotWalKeepMiB'"],
    [`'servers.${SERVERS.blue}.`, "'blue."],
    [`'servers.${SERVERS.green}.`, "'green."],
    ["'links[0].selection", "'replication.selection"],
    ["'links[0].slotName'", "'namePrefix'"],
  ].reduce((text, [name = '', typed = '']) => text.replaceAll(name, typed), problem);
}

/** The plan is checked before anything has an address. */
function standInPublisher({ replication, database }: BlueGreenDeploymentArgs) {
  if (replication.wayBack === false) return undefined;
  return {
    server: SERVERS.green,
    host: 'localhost',
    port: 5432,
    database,
    secret: 'unknown',
    sslMode: replication.sslMode ?? PublisherSslMode.VERIFY_FULL,
    sslRootCert: '',
  };
}
