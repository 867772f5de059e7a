import {
  admittedTo,
  NATIVE_SUBSCRIPTIONS,
  type OtherSession,
  otherSessions,
  PontoonError,
  unfencedJobs,
  usesPglogical,
  whereJobsAre,
} from '../../postgres';
import { withConnection } from '../connect';
import { type Row, runOne } from '../run';
import type { CutoverContext } from './context';

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

/** What an extension has started in the database: no fence ends it. Subscriptions and jobs are looked at themselves. */
export async function lookAtWorkers(context: CutoverContext): Promise<string | undefined> {
  const { plan } = context;
  const sessions = await context.run(plan.from, otherSessions(admittedTo(plan)));
  const worker = (sessions as unknown as readonly OtherSession[]).find(
    ({ kind }) => !/^(client backend|walsender|logical replication|pg_cron)/.test(kind),
  );
  return worker && `a '${worker.kind}' on '${plan.from}', process ${worker.pid}`;
}

/** The scheduled job that would go on writing to the old writer; undefined if there is none. */
export async function lookAtJobs(context: CutoverContext): Promise<string | undefined> {
  const { from } = context.plan;
  const where = await context.runOne(from, whereJobsAre());
  if (where?.here === true) return await jobHere(context, String(where.current));
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
    return described(await runOne(client, unfencedJobs(String(where.current), keep)));
  });
}

/** Behind the fence nothing may start by itself. Jobs that are kept in another database were looked at by the gate. */
export async function refuseUnattended(context: CutoverContext): Promise<void> {
  const { from } = context.plan;
  const where = await context.runOne(from, whereJobsAre());
  const found =
    (await lookAtSubscriptions(context)) ??
    (where?.here === true ? await jobHere(context, String(where.current)) : undefined);
  if (found === undefined) return;
  throw new PontoonError(
    'NOT_QUIET',
    `nothing may write to the fenced database on '${from}' by itself, got ${found}; disable it before you try again`,
  );
}

async function jobHere(context: CutoverContext, database: string): Promise<string | undefined> {
  const { plan } = context;
  return described(await context.runOne(plan.from, unfencedJobs(database, admittedTo(plan).keep)));
}

function described(job: Row | undefined): string | undefined {
  return job === undefined
    ? undefined
    : `the job '${String(job.name)}' of role '${String(job.role)}'`;
}
