import { Duration } from 'aws-cdk-lib';
import {
  type CutoverLimits,
  type CutoverPlan,
  deriveCutover,
  Problems,
  PublisherSslMode,
  type ReverseOptions,
  serversOf,
  ValidationError,
} from '../../postgres';
import { monitoringProblems } from '../monitoring';
import type { ServerBinding } from '../server-binding';
import type { CutoverBounds, CutoverStateMachineProps } from './props';

const RDS_ROOT_CERTIFICATES = '/rdsdbdata/rds-metadata/ca-cert.pem';
const LONGEST_BUDGET_SECONDS = 600;

/** The plan, and where its servers are. Throws a ValidationError that lists everything that cannot work. */
export function planOf(
  id: string,
  props: CutoverStateMachineProps,
): { readonly plan: CutoverPlan; readonly servers: readonly ServerBinding[] } {
  const { forward, topology, migrationName, newWriter, keepRoles = {}, logins } = props;
  const problems = new Problems();
  for (const problem of boundsProblems(props.bounds ?? {})) problems.add(problem);
  const { writeRateMiBPerSecond } = props;
  const rate = writeRateMiBPerSecond === undefined ? {} : { writeRateMiBPerSecond };
  for (const problem of monitoringProblems(rate)) problems.add(problem);
  const wayProblem = forwardProblem(forward);
  if (wayProblem !== undefined) problems.add(wayProblem);
  problems.addIf(
    migrationName === '',
    "'migrationName' must be a name, got nothing; use the prefix of the migration's names",
  );
  let plan: CutoverPlan | undefined;
  const found = new Problems();
  found.collect(() => {
    plan = deriveCutover(topology, {
      migration: migrationName,
      to: newWriter,
      forward: {
        ...(forward.replicationName === undefined
          ? {}
          : { subscription: forward.replicationName, publication: forward.replicationName }),
        ...(forward.writerRole === undefined ? {} : { writer: forward.writerRole }),
      },
      reverse: reverseOf(props),
      transformations: forward.transformations ?? [],
      keep: keepRoles,
      ...(logins === undefined ? {} : { logins }),
      limits: limitsOf(props),
    });
  });
  for (const problem of found.list()) problems.add(problem.replace("'to'", "'newWriter'"));
  problems.throwIfAny(`cutover '${id}'`);
  if (plan === undefined) throw new ValidationError(`cutover '${id}'`, []);
  if (props.skipVerification === true) plan = { ...plan, skipVerification: true };
  return { plan, servers: requireServers(id, plan, props.bindings) };
}

function requireServers(
  id: string,
  plan: CutoverPlan,
  bindings: readonly ServerBinding[],
): readonly ServerBinding[] {
  const problems = new Problems();
  const found = serversOf(plan).flatMap((name) => {
    const binding = bindings.find(({ server }) => server === name);
    problems.addIf(
      binding === undefined,
      `'bindings' must have every server that the cutover works on, got none for '${name}'; add its ServerBinding`,
    );
    return binding === undefined ? [] : [binding];
  });
  problems.throwIfAny(`cutover '${id}'`);
  return found;
}

function reverseOf({
  wayBack,
  bindings,
  newWriter,
}: CutoverStateMachineProps): ReverseOptions | undefined {
  const server = bindings.find((binding) => binding.server === newWriter);
  if (wayBack === undefined || server === undefined) return undefined;
  const { replicationName: name, secret, host } = wayBack;
  const sslMode = wayBack.sslMode ?? PublisherSslMode.VERIFY_FULL;
  return {
    subscription: name,
    publication: name,
    slotName: name,
    publisher: {
      server: newWriter,
      host: host ?? server.host,
      port: server.port,
      database: server.database,
      secret: secret.secretArn,
      sslMode,
      sslRootCert:
        sslMode === PublisherSslMode.REQUIRE ? '' : (wayBack.sslRootCert ?? RDS_ROOT_CERTIFICATES),
    },
  };
}

/** A DMS task is found by its ARN; a subscription by its name. */
function forwardProblem({
  replicationName,
  writerRole,
  replicationArn,
}: CutoverStateMachineProps['forward']): string | undefined {
  const native = replicationName !== undefined;
  const dms = writerRole !== undefined && replicationArn !== undefined;
  const mixed = native && (writerRole !== undefined || replicationArn !== undefined);
  if ((native || dms) && !mixed) return undefined;
  return `'forward' must have either 'replicationName', or 'writerRole' and 'replicationArn' of AWS DMS, got ${mixed ? 'both' : 'neither'}; say which of them replicates`;
}

function boundsProblems({ budget, maxLagMiB, sequenceMargin }: CutoverBounds): readonly string[] {
  const problems = new Problems();
  const seconds = budget?.isUnresolved() === false ? budget.toSeconds({ integral: false }) : 30;
  problems.addIf(
    seconds < 1 || seconds > LONGEST_BUDGET_SECONDS,
    `'bounds.budget' must be from 1 to ${LONGEST_BUDGET_SECONDS} seconds, got ${seconds}; the function that walks ends after 15 minutes`,
  );
  problems.addIf(
    maxLagMiB !== undefined && !(maxLagMiB > 0),
    `'bounds.maxLagMiB' must be above 0, got ${maxLagMiB}; a stream is never entirely even`,
  );
  problems.addIf(
    sequenceMargin !== undefined && !(Number.isInteger(sequenceMargin) && sequenceMargin >= 0),
    `'bounds.sequenceMargin' must be a whole number of at least 0, got ${sequenceMargin}; correct it`,
  );
  return problems.list();
}

function limitsOf({ bounds = {}, endpoint }: CutoverStateMachineProps): Partial<CutoverLimits> {
  const { verification, longestTransaction, maxLagMiB, sequenceMargin } = bounds;
  const budget =
    bounds.budget ??
    (endpoint === undefined ? undefined : Duration.seconds(endpoint._budgetSeconds));
  return {
    ...given('budgetMs', budget, inMilliseconds),
    ...given('verificationMs', verification, inMilliseconds),
    ...given('transactionSeconds', longestTransaction, (value) => value.toSeconds()),
    ...given('lagBytes', maxLagMiB, (value) => Math.round(value * 1024 * 1024)),
    ...given('sequenceMargin', sequenceMargin, (value) => value),
  };
}

function inMilliseconds(duration: Duration): number {
  return duration.toMilliseconds();
}

function given<Value>(
  key: keyof CutoverLimits,
  value: Value | undefined,
  read: (value: Value) => number,
): Partial<CutoverLimits> {
  return value === undefined ? {} : { [key]: read(value) };
}
