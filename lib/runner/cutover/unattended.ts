import {
  admittedTo,
  jobsAreHidden,
  NATIVE_SUBSCRIPTIONS,
  type OtherSession,
  otherSessions,
  PontoonError,
  type Statement,
  unfencedJobs,
  usesPglogical,
  whereJobsAre,
} from '../../postgres';
import { withConnection } from '../connect';
import { type Row, runOne } from '../run';
import type { CutoverContext } from './context';
import { describeSession, wayOutOf } from './describe-session';
import type { GateFinding } from './gate-schemas';

/** The subscription that would go on writing to the old writer; undefined if there is none. */
export async function lookAtSubscriptions(context: CutoverContext): Promise<string | undefined> {
  const { plan } = context;
  const { subscriptions } = admittedTo(plan);
  const { pglogical } = context.services;
  const all =
    usesPglogical(plan) && pglogical !== undefined
      ? [NATIVE_SUBSCRIPTIONS, pglogical]
      : [NATIVE_SUBSCRIPTIONS];
  for (const { enabledOthers } of all) {
    const row = await context.runOne(plan.from, enabledOthers(subscriptions));
    if (row !== undefined) return `subscription '${String(row.name)}' on '${plan.from}'`;
  }
  return undefined;
}

/**
 * What an extension has started in the database, and who decodes its log: no fence ends them, and the walk would only find
 * out behind it. Subscriptions and jobs are looked at themselves.
 */
export async function lookAtWorkers(context: CutoverContext): Promise<GateFinding> {
  const { plan } = context;
  const sessions = await context.run(plan.from, otherSessions(admittedTo(plan)));
  const worker = (sessions as unknown as readonly OtherSession[]).find(
    ({ kind, writing }) => !writing && !/^(client backend|logical replication|pg_cron)/.test(kind),
  );
  if (worker === undefined) return undefined;
  if (worker.kind !== 'walsender')
    return `a '${worker.kind}' on '${plan.from}', process ${worker.pid}`;
  return { closed: `${describeSession(worker)} on '${plan.from}'`, wayOut: wayOutOf(worker) };
}

/** The scheduled job that would go on writing to the old writer; undefined if there is none. */
export async function lookAtJobs(context: CutoverContext): Promise<GateFinding> {
  const { from } = context.plan;
  const where = await context.runOne(from, whereJobsAre());
  if (where?.here === true) return finding(await jobsHere(context, String(where.current)));
  if (typeof where?.database !== 'string' || where.database === where.current) return undefined;
  const { keep } = admittedTo(context.plan);
  const known = context.services.connections?.[from];
  if (known === undefined) {
    throw new PontoonError(
      'NO_SESSION',
      `database '${where.database}' on '${from}' must be reachable, since jobs are kept there, got no connection; add it`,
    );
  }
  const connection = { ...known, database: where.database };
  const session = { purpose: 'cutover gates', readOnly: true };
  return await withConnection(connection, context.services.secrets, session, async (client) => {
    // Without the extension there is no job.
    if ((await runOne(client, whereJobsAre()))?.here !== true) return undefined;
    return finding(
      await jobsSeen((statement) => runOne(client, statement), String(where.current), keep),
    );
  });
}

/** Behind the fence nothing may start by itself. Jobs that are kept in another database were looked at by the gate. */
export async function refuseUnattended(context: CutoverContext): Promise<void> {
  const { from } = context.plan;
  const where = await context.runOne(from, whereJobsAre());
  const jobs =
    where?.here === true ? await jobsHere(context, String(where.current)) : { hidden: false };
  const found =
    (await lookAtSubscriptions(context)) ?? jobs.job ?? (jobs.hidden ? HIDDEN_JOBS : undefined);
  if (found === undefined) return;
  throw new PontoonError(
    'NOT_QUIET',
    `nothing may write to the fenced database on '${from}' by itself, got ${found}; disable it before you try again`,
  );
}

/** The job that no fence stops, as far as one may look, and whether there may be others. */
interface JobsSeen {
  readonly job?: string;
  readonly hidden: boolean;
}

const HIDDEN_JOBS = 'jobs of others in cron.job that row-level security hides';

function finding({ job, hidden }: JobsSeen): GateFinding {
  if (job !== undefined || !hidden) return job;
  return {
    unchecked: HIDDEN_JOBS,
    wayOut:
      'have its owner let the role of the runner read all (CREATE POLICY … FOR SELECT … USING (true), or BYPASSRLS), or drop pg_cron until the cutover has ended: only jobs of superusers and of kept roles matter, and nobody else sees whether there are any',
  };
}

async function jobsHere(context: CutoverContext, database: string): Promise<JobsSeen> {
  const { plan } = context;
  return await jobsSeen(
    (statement) => context.runOne(plan.from, statement),
    database,
    admittedTo(plan).keep,
  );
}

async function jobsSeen(
  ask: (statement: Statement) => Promise<Row | undefined>,
  database: string,
  keep: readonly string[],
): Promise<JobsSeen> {
  const job = await ask(unfencedJobs(database, keep));
  if (job !== undefined)
    return { job: `the job '${String(job.name)}' of role '${String(job.role)}'`, hidden: false };
  return { hidden: (await ask(jobsAreHidden()))?.hidden === true };
}
