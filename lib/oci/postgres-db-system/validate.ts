import {
  checkPlainData,
  createTopology,
  nameProblem,
  Platform,
  Problems,
  serverOf,
} from '../../postgres';
import { networkProblems } from '../networks';
import type { DbSystemOptions, PostgresDbSystemArgs } from './args';
import { neededSettings } from './configuration';

/** Checks everything about a database that is plain. Throws a ValidationError with all that is wrong. */
export function validate(name: string, args: PostgresDbSystemArgs): void {
  const problems = new Problems();
  const { topology, server, clientNetworks, publisherNetworks = [] } = args;
  problems.collect(() => {
    const { platform } = serverOf(createTopology(topology), server);
    problems.addIf(
      platform !== Platform.OCI_POSTGRESQL,
      `'topology.servers.${server}.platform' must be '${Platform.OCI_POSTGRESQL}', got '${platform}'; correct it`,
    );
  });
  for (const problem of optionProblems(args, '')) problems.add(problem);
  problems.addIf(
    clientNetworks.length === 0,
    "'clientNetworks' must name the networks that connect, got none; nobody would reach the database",
  );
  for (const problem of networkProblems(clientNetworks, 'clientNetworks')) problems.add(problem);
  for (const problem of networkProblems(publisherNetworks, 'publisherNetworks'))
    problems.add(problem);
  if (problems.list().length === 0) checkSettings(args, problems);
  problems.throwIfAny(`database '${name}'`);
}

/** Says what is wrong with `options`, whose properties the user typed after `prefix`. */
export function optionProblems(options: DbSystemOptions, prefix: string): readonly string[] {
  const problems = new Problems();
  checkPlainData(options.settings, `${prefix}settings`, problems);
  const { administrator, ocpus, memoryInGbs, backupRetentionDays } = options;
  const problem = nameProblem(administrator.username, `${prefix}administrator.username`);
  if (problem !== undefined) problems.add(problem);
  for (const [what, value, least] of [
    ['ocpus', ocpus, 1],
    ['memoryInGbs', memoryInGbs, 1],
    ['readReplicas', options.readReplicas, 0],
    ['backupRetentionDays', backupRetentionDays, 1],
  ] as const)
    problems.addIf(
      value !== undefined && !(Number.isInteger(value) && value >= least),
      `'${prefix}${what}' must be a whole number of at least ${least}, got ${value}; correct it`,
    );
  checkReplicas(options, prefix, problems);
  return problems.list();
}

function checkReplicas(
  { removedReplicas = [] }: DbSystemOptions,
  prefix: string,
  problems: Problems,
): void {
  for (const [index, id] of removedReplicas.entries())
    problems.addIf(
      !/^ocid1\.[\w.-]+$/.test(id) || removedReplicas.indexOf(id) < index,
      `'${prefix}removedReplicas[${index}]' must be the OCID of an instance, once, got ${JSON.stringify(id)}; copy it from OCI`,
    );
}

function checkSettings(args: PostgresDbSystemArgs, problems: Problems): void {
  const needed = neededSettings(args);
  for (const [name, value] of Object.entries(args.settings ?? {}))
    problems.addIf(
      name in needed,
      `'settings.${name}' cannot override what replication needs, got ${value}; remove it`,
    );
}
