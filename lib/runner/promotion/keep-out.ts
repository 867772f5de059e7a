import {
  describeLoss,
  lossAfter,
  type PontoonError,
  type PromotionLoss,
  placeOf,
  replacedBy,
} from '../../postgres';
import type { Members, PromotionContext } from './context';
import { fenceServer, isFenced, noteReplacement, positionOf, sendOrdinaryAway } from './fence';
import { takesWrites } from './promoted';
import { forkOf, noHistory } from './take-over';

/**
 * Keeps clients out of an old primary that came back by itself, or was let in again by somebody: they would write to it
 * beside the new one. What it has more is lost: returns where its log ends, or undefined if that was said before.
 */
export async function keepOut(
  context: PromotionContext,
  members: Members,
  to: string,
): Promise<string | undefined> {
  const { from } = context.input;
  const old = members.get(from);
  if (old === undefined || old.recovering) return undefined;
  const replacement = { server: to, timeline: old.timeline };
  context.step('keep-out');
  const fenced = old.fenced && (await isFenced(context, from));
  if (!fenced) await fenceServer(context, from, replacement);
  else if (replacedBy(old) !== to) await noteReplacement(context, from, replacement);
  if (fenced && !(await endLeftOver(context, from))) return undefined;
  return (await positionOf(context, from)).position;
}

/** A new primary that lost the history of its timeline, once the log of the old one that is kept out ends at `end`. */
export function withoutHistory(
  { input: { from } }: PromotionContext,
  members: Members,
  { to, timeline, end }: { readonly to: string; readonly timeline: number; readonly end?: string },
): PontoonError {
  if (end === undefined) return noHistory(to, timeline);
  const began = notedBegin(members, to);
  const cost =
    began === undefined ? `its log ends at ${end}` : describeLoss(lossAfter(began, end), from);
  return noHistory(to, timeline, `, and '${from}' is fenced now: ${cost}`);
}

/** What keeping clients out of an old primary costs that still takes writes, before it is done. */
export async function costOfKeepingOut(
  context: PromotionContext,
  members: Members,
  to: string,
): Promise<{ readonly loss: PromotionLoss; readonly remarks: readonly string[] }> {
  const { from } = context.input;
  const { timeline, began } = await forkOf(context, to);
  const open = takesWrites(members.get(from));
  const after = began ?? (open ? notedBegin(members, to) : undefined);
  if (after === undefined) throw noHistory(to, timeline);
  if (!open) return { loss: { kind: 'said-before', after }, remarks: [] };
  const missing =
    began === undefined ? [`nothing more is done then: ${noHistory(to, timeline).message}`] : [];
  const { position } = await positionOf(context, from);
  const loss = lossAfter(after, position);
  const remark = `'${from}' still takes writes, and will be fenced, since '${to}' was promoted: ${describeLoss(loss, from)}; if clients are to stay with '${from}', stop '${to}' instead, and rejoin it`;
  return { loss, remarks: [remark, ...missing] };
}

/** Where its timeline began as `to` itself has noted. */
function notedBegin(members: Members, to: string): string | undefined {
  const state = members.get(to);
  return state === undefined ? undefined : placeOf(to, state)?.began;
}

/**
 * Ends whom a run that was cut off has left behind the fence; false if there was nobody. A superuser keeps no clients of
 * the new primary waiting.
 */
async function endLeftOver(context: PromotionContext, from: string): Promise<boolean> {
  const { ended, left } = await sendOrdinaryAway(context, from);
  if (left.length > 0) {
    context.remarks.push(
      `'${from}' was replaced, and holds sessions that a fence does not end: ${left.join('; ')}; end them, since what they write there is lost`,
    );
  }
  return ended;
}
