import { leadsTo, type MemberState, memberSlot, PontoonError, replacedBy } from '../../postgres';
import type { Members, PromotionContext } from './context';
import { limitsOf } from './fence';
import { standbySettings } from './follow';

/**
 * Refuses to go on for a primary in whose place another server was promoted since, or may have been while nobody can ask
 * it: one that an earlier run has fenced. That nobody is noted does not prove that nobody was: a primary that was out of
 * reach by then, and is back, could not note it.
 *
 * @throws PontoonError with code MAY_BE_PROMOTED or ANOTHER_PRIMARY.
 */
export async function refuseReplaced(context: PromotionContext, members: Members): Promise<void> {
  const { from, lost = [] } = context.input;
  const old = members.get(from);
  if (old === undefined) return;
  const noted = replacedBy(old);
  if (noted !== undefined && !members.has(noted) && !lost.includes(noted))
    throw unasked(context, noted);
  for (const [server, { timeline }] of members)
    if (timeline > old.timeline) throw replacedSince(context, old, { server, timeline });
  const unknown = [...context.absent.keys()].filter((server) => !lost.includes(server));
  if (unknown.length === 0) return;
  if (await wasCutOff(context)) throw unaskedBehindFence(context, unknown);
}

function unasked({ input: { from }, absent }: PromotionContext, noted: string): PontoonError {
  return new PontoonError(
    'MAY_BE_PROMOTED',
    `'${noted}' must say whether it was promoted, since '${from}' was fenced in its favour, got no answer: ${absent.get(noted)?.reason ?? 'it is not of this cluster'}; make it reachable, or give it as 'from' if it was promoted and is lost, or, once you know that it was not, name it under 'lost', and another standby as 'to'`,
  );
}

/** Nobody has log of a timeline that nobody has begun. */
function replacedSince(
  { input: { from } }: PromotionContext,
  old: MemberState,
  { server, timeline }: { readonly server: string; readonly timeline: number },
): PontoonError {
  return new PontoonError(
    'ANOTHER_PRIMARY',
    `'from' must be the present primary, got '${from}', which writes timeline ${old.timeline}, and '${server}' has log of timeline ${timeline}, so that another server was promoted since; stop '${from}', and give as 'from' the one that was promoted, also if it is lost, or, if nobody wrote to that, stop '${server}', and rejoin it`,
  );
}

function unaskedBehindFence(
  { input: { from }, absent }: PromotionContext,
  unknown: readonly string[],
): PontoonError {
  const reasons = unknown.map((server) => `'${server}': ${absent.get(server)?.reason ?? ''}`);
  return new PontoonError(
    'MAY_BE_PROMOTED',
    `every standby must say whether it was promoted since an earlier run has fenced '${from}', got no answer: ${reasons.join('; ')}; make them reachable, or give as 'from' the one that was promoted and is lost, or, once you know that none was, name them under 'lost', and none of them as 'to'`,
  );
}

/** Whether an earlier run has fenced the primary, which nobody has replaced, and was cut off before it promoted. */
export async function wasCutOff(context: PromotionContext): Promise<boolean> {
  return (await limitsOf(context, context.input.from)).some(({ before }) => before !== null);
}

/** What the members were before a run that was cut off: all of a cluster's standbys stream from its primary. */
export function beforeCutOff({ input }: PromotionContext, members: Members): Members {
  const { from, topology, connections } = input;
  const connection = connections[from];
  if (connection === undefined) return members;
  return new Map(
    [...members].map(([server, state]): [string, MemberState] => {
      const { recovering, conninfo } = state;
      if (!recovering || leadsTo(conninfo, server, connection)) return [server, state];
      const { primary_conninfo: before = conninfo } = standbySettings(topology, server, {
        conninfo,
        connection,
      });
      return [server, { ...state, conninfo: before, slot: memberSlot(topology, server) }];
    }),
  );
}
