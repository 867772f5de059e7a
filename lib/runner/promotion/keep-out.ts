import { describeLoss, lossAfter, type PromotionLoss, replacedBy } from '../../postgres';
import type { Members, PromotionContext } from './context';
import { fenceServer, isFenced, noteReplacement, positionOf, sendOrdinaryAway } from './fence';
import { takesWrites } from './promoted';

/** The new primary, and where the old one's log ended for it. */
interface Promoted {
  readonly to: string;
  readonly after: string;
}

/**
 * Keeps clients out of an old primary that came back by itself, or was let in again by somebody: they would write to it
 * beside the new one. What it has more is lost.
 */
export async function keepOut(
  context: PromotionContext,
  members: Members,
  { to, after }: Promoted,
): Promise<PromotionLoss> {
  const { from } = context.input;
  const old = members.get(from);
  if (old === undefined || old.recovering) return { kind: 'said-before', after };
  const replacement = { server: to, timeline: old.timeline };
  context.step('keep-out');
  const fenced = old.fenced && (await isFenced(context, from));
  if (!fenced) await fenceServer(context, from, replacement);
  else if (replacedBy(old) !== to) await noteReplacement(context, from, replacement);
  if (fenced && !(await endLeftOver(context, from))) return { kind: 'said-before', after };
  const { position } = await positionOf(context, from);
  return lossAfter(after, position);
}

/** What keeping clients out of an old primary costs that still takes writes, before it is done. */
export async function costOfKeepingOut(
  context: PromotionContext,
  members: Members,
  { to, after }: Promoted,
): Promise<{ readonly loss: PromotionLoss; readonly remarks: readonly string[] }> {
  const { from } = context.input;
  if (!takesWrites(members.get(from))) return { loss: { kind: 'said-before', after }, remarks: [] };
  const { position } = await positionOf(context, from);
  const loss = lossAfter(after, position);
  const remark = `'${from}' still takes writes, and will be fenced, since '${to}' was promoted: ${describeLoss(loss, from)}; if clients are to stay with '${from}', stop '${to}' instead, and rejoin it`;
  return { loss, remarks: [remark] };
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
