import {
  type LogPosition,
  lossAfter,
  lsnDistance,
  type PromotionLoss,
  refuseBehind,
} from '../../postgres';
import { messageOf } from '../message-of';
import { choose, othersThan } from './choose';
import {
  type Members,
  type NotFollowing,
  PromotionContext,
  type PromotionOutcome,
  type PromotionRequest,
  type PromotionServices,
} from './context';
import { beforeCutOff, refuseReplaced, wasCutOff } from './cut-off';
import {
  catchUp,
  fenceServer,
  isFenced,
  liftServer,
  noteReplacement,
  positionOf,
  type Replacement,
  untilHas,
} from './fence';
import { prepare } from './follow';
import { keepOut, withoutHistory } from './keep-out';
import { look, standbysOf, takeCluster } from './look';
import { refuseHeard, remarksOnSilent, requireLost } from './lost';
import { withMembers } from './open';
import { noteTakenPlace, refuseGivingUp } from './place';
import { promotedAlready, refusePromotedMeanwhile } from './promoted';
import { acknowledgedAreSafe, isNoted } from './quorum';
import { remarksOnReaders, remarksOnUnwaiting } from './remarks';
import { chooseStreaming } from './streaming';
import { takeBack } from './take-back';
import {
  forkOf,
  promoteNow,
  type Repointing,
  repointAll,
  settle,
  timelineAt,
  without,
} from './take-over';
import { lookAtLast } from './under-way';
import { untilRead } from './unread';

/**
 * Makes a standby the primary of its cluster. Killed at any point and run again, it goes on from what the servers are.
 *
 * @throws PontoonError that says what was refused, or why it failed.
 */
export async function promote(
  request: PromotionRequest,
  services: PromotionServices,
): Promise<PromotionOutcome> {
  return await withMembers(request.input, services.secrets, async (sessions, absent) => {
    const context = new PromotionContext(request, services, sessions, absent);
    context.step('look');
    await takeCluster(context);
    const members = await lookAtLast(context);
    const promoted = promotedAlready(context, members);
    if (promoted !== undefined) {
      if (request.toldUnpromoted === true) refusePromotedMeanwhile(context, members, promoted);
      return await goOn(context, members, promoted);
    }
    requireLost(context, members);
    return context.absent.has(request.input.from)
      ? await replaceLost(context, members)
      : await replaceFenced(context, members);
  });
}

/** What is left to do for a server that was promoted already. */
async function goOn(
  context: PromotionContext,
  members: Members,
  to: string,
): Promise<PromotionOutcome> {
  const { from } = context.input;
  await refuseGivingUp(context, members, to);
  const end = await keepOut(context, members, to);
  const { timeline, began } = await forkOf(context, to);
  if (began === undefined) throw withoutHistory(context, members, { to, timeline, end });
  const loss: PromotionLoss =
    end === undefined ? { kind: 'said-before', after: began } : lossAfter(began, end);
  const old = members.get(from);
  // Whatever answers is not lost, although it lets nobody of us in.
  const lost = context.request.declareLost === true && context.absent.get(from)?.silent === true;
  if (old?.recovering === false || lost)
    await noteTakenPlace(context, members, { to, timeline, began });
  if (old?.recovering === false) context.remarks.push(...(await remarksOnReaders(context, to)));
  const others = othersThan(members, to);
  context.step('prepare');
  await prepare(context, to, others);
  context.step('re-point');
  const failed = await repointAll(context, members, { to, others });
  context.step('lift');
  await liftServer(context, to);
  const rest = await settle(context, { to, others, failed });
  return { result: 'already-promoted', from, to, timeline, forkedAt: began, loss, ...rest };
}

/** Promotes in place of a primary that nobody reaches. */
async function replaceLost(context: PromotionContext, members: Members): Promise<PromotionOutcome> {
  const { from, lastKnown } = context.input;
  context.step('silence');
  await refuseHeard(context);
  const unread = await untilRead(context);
  const candidate = choose(context, await look(context));
  const to = candidate.server;
  const others = othersThan(members, to);
  await acknowledgedAreSafe(context, to, { answering: [to, ...others], unread });
  context.remarks.push(...remarksOnSilent(context), ...(await remarksOnReaders(context, to)));
  context.step('prepare');
  await prepare(context, to, others);
  context.step('re-point');
  const failed = await repointAll(context, members, { to, others });
  const standbys = standbysOf(await look(context));
  const now = standbys.find(({ server }) => server === to) ?? candidate;
  refuseBehind(now, standbys);
  // Of those that nothing of the old primary reaches any more.
  const answering = without([to, ...others], failed);
  const lossless = await acknowledgedAreSafe(context, to, { answering, unread });
  context.step('promote');
  await promoteNow(context, to);
  // A primary that was lost while it was fenced has had its standbys fenced, too.
  context.step('lift');
  await liftServer(context, to);
  const openedMs = context.elapsedMs();
  const { timeline, began } = await timelineAt(context, to);
  // Only now all of the log is replayed, which may end with another note.
  const covered = lossless && (await isNoted(context, to));
  if (covered) context.remarks.push(...(await remarksOnUnwaiting(context, to)));
  const loss: PromotionLoss = covered
    ? { kind: 'nothing-acknowledged' }
    : lossAfter(began, lastKnown);
  await noteTakenPlace(context, members, { to, timeline, began });
  const rest = await settle(context, { to, others, failed });
  return { result: 'promoted', from, to, timeline, forkedAt: began, loss, ...rest, openedMs };
}

/** Promotes in place of a primary that is fenced first, so that nothing is lost. */
async function replaceFenced(
  context: PromotionContext,
  members: Members,
): Promise<PromotionOutcome> {
  const { to, others, failed, caughtUp } = await makeEqual(context, members);
  context.step('promote');
  await promoteNow(context, to);
  const { timeline, began } = await timelineAt(context, to);
  const loss = await lostAtLast(context, began, caughtUp);
  context.step('lift');
  await liftServer(context, to);
  const { from } = context.input;
  const openedMs = context.elapsedMs();
  await noteTakenPlace(context, members, { to, timeline, began });
  const rest = await settle(context, { to, others, failed });
  return { result: 'promoted', from, to, timeline, forkedAt: began, loss, ...rest, openedMs };
}

/** A standby that has all of the fenced primary's log, and those that follow it. */
interface Equal extends Repointing {
  readonly failed: readonly NotFollowing[];
  readonly caughtUp: LogPosition;
}

/**
 * Takes back what fails, also of an earlier run that was cut off: no clients may be kept out for nothing. It ends before
 * anybody is told to become a primary, since from then on nothing may be taken back.
 */
async function makeEqual(context: PromotionContext, members: Members): Promise<Equal> {
  const { from } = context.input;
  await refuseReplaced(context, members);
  const cutOff = await wasCutOff(context);
  const before = beforeCutOff(context, members);
  let chosen: Repointing | undefined;
  try {
    const to = (await chooseStreaming(context, members, { mark: true })).server;
    const others = othersThan(members, to);
    context.remarks.push(...(await remarksOnReaders(context, to)));
    chosen = { to, others };
    context.step('fence');
    await fenceServer(context, from);
    context.step('catch-up');
    await catchUp(context, from, to);
    context.step('prepare');
    await prepare(context, to, others);
    context.step('re-point');
    const failed = await repointAll(context, members, chosen);
    for (const { position } of standbysOf(await look(context)))
      await untilHas(context, to, position);
    const timeline = members.get(from)?.timeline ?? 0;
    const replacement = { server: to, timeline };
    await noteReplacement(context, from, replacement);
    return { to, others, failed, caughtUp: await catchUpAtLast(context, to, replacement) };
  } catch (error) {
    const others = cutOff ? othersThan(members, '') : chosen?.others;
    if (others !== undefined)
      await takeBack(context, before, { to: chosen?.to, others, cause: error });
    throw error;
  }
}

/** Superusers pass the fence, and re-pointing takes its time: what they wrote arrives, and what they made is fenced, too. */
async function catchUpAtLast(
  context: PromotionContext,
  to: string,
  replacement: Replacement,
): Promise<LogPosition> {
  const { from } = context.input;
  for (;;) {
    const caughtUp = await catchUp(context, from, to);
    if (await isFenced(context, from)) return caughtUp;
    await fenceServer(context, from, replacement);
  }
}

/** What somebody whom the fence lets in has written to the old primary since `caughtUp`. */
async function lostAtLast(
  context: PromotionContext,
  began: string,
  caughtUp: LogPosition,
): Promise<PromotionLoss> {
  try {
    const { position, ended } = await positionOf(context, context.input.from);
    const arrived = ended === caughtUp.ended || lsnDistance(began, position) <= 0n;
    return arrived ? { kind: 'nothing' } : lossAfter(began, position);
  } catch (error) {
    context.note(`the old primary could not be asked at last: ${messageOf(error)}`);
    return lossAfter(began, undefined);
  }
}
