import {
  lossAfter,
  type PromotionLoss,
  promoteServer,
  type StandbyState,
  streamingNames,
} from '../../postgres';
import {
  action,
  fencing,
  keepingOut,
  leftToLift,
  noting,
  type PromotionAction,
  pointing,
  preparing,
  repointing,
} from './actions';
import { choose, othersThan } from './choose';
import {
  type Members,
  PromotionContext,
  type PromotionRequest,
  type PromotionServices,
} from './context';
import { refuseReplaced, wasCutOff } from './cut-off';
import { costOfKeepingOut } from './keep-out';
import { look, standbysOf } from './look';
import { remarksOnSilent, requireLost } from './lost';
import { withMembers } from './open';
import { refuseGivingUp } from './place';
import { promotedAlready } from './promoted';
import { acknowledgedAreSafe, remarksOnNote, waitingOn } from './quorum';
import { remarksOnReaders } from './remarks';
import { chooseStreaming } from './streaming';
import { refuseUnderWay } from './under-way';
import { unreadOf } from './unread';

/** What a promotion would do. */
export interface PromotionDryRun {
  readonly from: string;
  readonly to: string;
  /** Whether `to` is the primary already, so that only what is left is done. */
  readonly promoted: boolean;
  /** Whether `from` is fenced first, since it answers. */
  readonly fenced: boolean;
  /** What would be lost, as far as it can be said before. */
  readonly loss: PromotionLoss;
  readonly standbys: readonly StandbyState[];
  /** The servers that stream from the present primary, if that answers. */
  readonly following: readonly string[];
  /** What the operator has to see to. */
  readonly remarks: readonly string[];
  readonly actions: readonly PromotionAction[];
}

/** Says what {@link promote} would do, and changes nothing. It refuses what that would refuse before it begins. */
export async function dryRunPromotion(
  request: PromotionRequest,
  services: PromotionServices,
): Promise<PromotionDryRun> {
  return await withMembers(request.input, services.secrets, async (sessions, absent) => {
    const context = new PromotionContext(request, services, sessions, absent);
    const members = await look(context);
    await refuseUnderWay(context, members);
    const promoted = promotedAlready(context, members);
    if (promoted === undefined) requireLost(context, members);
    const { from } = request.input;
    const fenced = promoted === undefined && !context.absent.has(from);
    if (fenced) await refuseReplaced(context, members);
    const to = promoted ?? (await candidateOf(context, members, fenced)).server;
    if (promoted !== undefined) await refuseGivingUp(context, members, promoted);
    const kept =
      promoted === undefined ? undefined : await costOfKeepingOut(context, members, promoted);
    const lifts = fenced ? await fencing(context, 'lift', to) : await leftToLift(context, to);
    return {
      from,
      to,
      promoted: promoted !== undefined,
      fenced,
      loss: kept?.loss ?? (await forecast(context, members, { to, fenced })),
      standbys: standbysOf(members),
      following: await followersOf(context, promoted ?? from),
      remarks: [
        ...(kept?.remarks ?? []),
        ...(await waitingOn(context, to, othersThan(members, to))).remarks,
        ...(promoted === undefined && !fenced ? remarksOnSilent(context) : []),
        ...(promoted === undefined ? await remarksOnReaders(context, to) : []),
        ...(fenced ? await remarksOnNote(context) : []),
        ...(fenced && (await wasCutOff(context)) ? [remarkOnFence(from)] : []),
        ...(promoted !== undefined && lifts.length > 0 ? [remarkOnFence(promoted)] : []),
      ],
      actions: [
        ...(promoted === undefined ? [] : await keepingOut(context, members, promoted)),
        ...(fenced ? await pointing(context, members, to) : []),
        ...(fenced ? await fencing(context, 'fence') : []),
        ...preparing(context, members, to),
        ...repointing(context, members, to),
        ...(fenced ? await noting(context, members, { step: 're-point', to }) : []),
        ...(promoted === undefined ? [action('promote', to, promoteServer())] : []),
        ...lifts,
      ],
    };
  });
}

function remarkOnFence(from: string): string {
  return `'${from}' is fenced by an earlier run that was cut off: clients stay out until this one has ended`;
}

async function followersOf(context: PromotionContext, primary: string): Promise<string[]> {
  if (!context.sessions.has(primary)) return [];
  const names = (await context.run(primary, streamingNames())).map(({ name }) => String(name));
  return context.members.filter((member) => names.includes(member));
}

async function candidateOf(
  context: PromotionContext,
  members: Members,
  fenced: boolean,
): Promise<StandbyState> {
  return fenced
    ? await chooseStreaming(context, members, { mark: false })
    : choose(context, members);
}

interface Chosen {
  readonly to: string;
  readonly fenced: boolean;
}

async function forecast(
  context: PromotionContext,
  members: Members,
  { to, fenced }: Chosen,
): Promise<PromotionLoss> {
  if (fenced) return { kind: 'nothing' };
  const after = members.get(to)?.position ?? '0/0';
  const answering = [to, ...othersThan(members, to)];
  return (await acknowledgedAreSafe(context, to, { answering, unread: unreadOf(members) }))
    ? { kind: 'nothing-acknowledged' }
    : lossAfter(after, context.input.lastKnown);
}
