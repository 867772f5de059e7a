import {
  describeLoss,
  lossAfter,
  type MemberState,
  notedPlace,
  notePlace,
  PontoonError,
  placeOf,
  replacedBy,
} from '../../postgres';
import type { Members, PromotionContext } from './context';
import { limitsOf, positionOf, together } from './fence';
import { forkOf, historyOf } from './take-over';

/**
 * Has the new primary `to` note in whose place it is, which tells it from one that somebody promoted by hand, and from
 * then on whose clients may be kept out without a question.
 */
export async function noteTakenPlace(
  context: PromotionContext,
  members: Members,
  {
    to,
    timeline,
    began,
  }: { readonly to: string; readonly timeline: number; readonly began: string },
): Promise<void> {
  const { from } = context.input;
  const state = members.get(to);
  if (state === undefined || tookPlace(to, state, from)) return;
  const before = notedPlace(state)?.replaced ?? [];
  const replaced = [...new Set([...before, from])].filter((name) => name !== to);
  const place = { server: to, cluster: state.cluster, timeline, began, replaced };
  await together(context, to, notePlace(await limitsOf(context, to), place));
}

/** Whether `to` has noted that a promotion put it in the place of `from`, or of one that had replaced that. */
function tookPlace(to: string, state: MemberState | undefined, from: string): boolean {
  return state !== undefined && placeOf(to, state)?.replaced.includes(from) === true;
}

/**
 * Refuses to give up a primary that answers for one in whose favour nobody has declared it lost or fenced it, unless the
 * operator names that one and accepts the loss: what it wrote since is nowhere else.
 *
 * @throws PontoonError with code NOT_GIVEN_UP.
 */
export async function refuseGivingUp(
  context: PromotionContext,
  members: Members,
  promoted: string,
): Promise<void> {
  const { from, to } = context.input;
  const old = members.get(from);
  if (old === undefined || old.recovering || isReplaced(from, members, promoted)) return;
  const accepted = context.request.acceptLoss === true;
  if (accepted && to === promoted) return;
  const got = accepted
    ? "--accept-loss without 'to'"
    : to === undefined
      ? "neither 'to' nor --accept-loss"
      : "'to' without --accept-loss";
  throw new PontoonError(
    'NOT_GIVEN_UP',
    `'${from}' must be given up for '${promoted}' by name, since no promotion of ours is noted to have put that in its place, got ${got}, and ${await costOf(context, promoted)}; if clients are to stay with '${from}', stop '${promoted}', and rejoin it, otherwise give 'to' as '${promoted}', and say --accept-loss`,
  );
}

/** Whether it is noted, here or there, that `promoted` was put in the place of `from`, or of whoever was put there. */
function isReplaced(from: string, members: Members, promoted: string): boolean {
  const old = members.get(from);
  const by = old === undefined ? undefined : replacedBy(old);
  const state = members.get(promoted);
  const gone = by === undefined ? [from] : [from, by];
  return by === promoted || gone.some((name) => tookPlace(promoted, state, name));
}

async function costOf(context: PromotionContext, promoted: string): Promise<string> {
  const { from } = context.input;
  const { timeline, began } = await forkOf(context, promoted);
  if (began === undefined)
    return `nobody can say how much is lost, since '${promoted}' has no '${historyOf(timeline)}'`;
  const { position } = await positionOf(context, from);
  return describeLoss(lossAfter(began, position), from);
}
