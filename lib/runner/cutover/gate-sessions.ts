import {
  grantsOfOthers,
  letInWithKept,
  mayEndSessions,
  missingRoles,
  sessionsOfRunner,
} from '../../postgres';
import type { CutoverContext } from './context';
import { keptOn, keptOtherWriter, keptWriter, otherFence } from './fence';
import type { GateFinding } from './gate-schemas';

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

export async function lookAtKept(context: CutoverContext): Promise<GateFinding> {
  const { from, to, keep } = context.plan;
  for (const server of [from, to]) {
    const row = await context.runOne(server, missingRoles(keep[server] ?? []));
    if (row !== undefined) return `no role '${String(row.name)}' on '${server}'`;
  }
  const writing = await keptWriter(context, from);
  if (writing !== undefined) return `${writing}, also when the new writer is open`;
  const other = await keptOtherWriter(context);
  if (other !== undefined) return `${other}, and undoes the cutover if it does so behind the fence`;
  const member = await context.runOne(from, letInWithKept(await keptOn(context, from)));
  return member === undefined
    ? undefined
    : {
        closed: `role '${String(member.name)}', which the fence on '${from}' would let in as a member of '${String(member.kept)}', which is kept`,
        wayOut: `take it out of '${String(member.kept)}', or add it to 'keep' if it only reads`,
      };
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
