import { grantsOfOthers, mayEndSessions, missingRoles, sessionsOfRunner } from '../../postgres';
import type { CutoverContext } from './context';
import { keptOn, keptWriter, otherFence } from './fence';

export async function lookAtRunner(context: CutoverContext): Promise<string | undefined> {
  const row = await context.runOne(context.plan.from, sessionsOfRunner());
  if (row === undefined) return undefined;
  const application = row.application === '' ? '' : ` (${String(row.application)})`;
  return `'${String(row.role)}'${application}, process ${String(row.pid)}`;
}

export async function lookAtGrants(context: CutoverContext): Promise<string | undefined> {
  const { from } = context.plan;
  const row = await context.runOne(from, grantsOfOthers(await keptOn(context, from)));
  return row === undefined
    ? undefined
    : `a grant of '${String(row.grantor)}' to '${String(row.grantee)}'`;
}

export async function lookAtKept(context: CutoverContext): Promise<string | undefined> {
  const { from, to, keep } = context.plan;
  for (const server of [from, to]) {
    const row = await context.runOne(server, missingRoles(keep[server] ?? []));
    if (row !== undefined) return `no role '${String(row.name)}' on '${server}'`;
  }
  const writing = await keptWriter(context, from);
  return writing === undefined ? undefined : `${writing}, also when the new writer is open`;
}

export async function lookAtSignals(context: CutoverContext): Promise<string | undefined> {
  const { from, keep } = context.plan;
  const row = await context.runOne(from, mayEndSessions(keep[from] ?? []));
  if (row?.sees !== true) return `no right to see the sessions of others on '${from}'`;
  return row.name === null
    ? undefined
    : `no right to end those of '${String(row.name)}' on '${from}'`;
}

export async function lookAtFences(context: CutoverContext): Promise<string | undefined> {
  const other = await otherFence(context);
  return other === undefined ? undefined : `that of '${other}' on '${context.plan.from}'`;
}
