import { PontoonError, receiverState } from '../../postgres';
import { codeOf } from '../connect-failure';
import { messageOf } from '../message-of';
import { type Probe, waitUntil } from '../wait';
import type { Members, PromotionContext } from './context';
import { liftServer } from './fence';
import { forgetFollowers, pointBack, provideSlot } from './follow';
import { regain } from './regain';

const LIFT_MS = 5_000;
const LIFT_ANEW_MS = 10_000;
const POINT_BACK_MS = 30_000;
const LOOK_AGAIN_MS = 20;

/** What has failed, and for whom. */
interface Failure {
  /** The standby that was to be promoted; undefined if none had been chosen. */
  readonly to: string | undefined;
  /** The standbys that may have been pointed elsewhere. */
  readonly others: readonly string[];
  readonly cause: unknown;
}

/**
 * Has the old primary take writes again and be followed, as the members were `before`, after a failure, and the standbys
 * keep no log for anybody. Who hangs keeps no clients out.
 *
 * @throws PontoonError with code NOT_TAKEN_BACK that says what is left.
 */
export async function takeBack(
  context: PromotionContext,
  before: Members,
  { to, others, cause }: Failure,
): Promise<void> {
  const { from } = context.input;
  context.step('take-back');
  const [lifted] = await Promise.allSettled([letInAgain(context, { to, before })]);
  if (lifted.status === 'rejected' && codeOf(lifted.reason) === 'PROMOTED_MEANWHILE')
    throw notTakenBack(
      `'${from}' stays fenced (${messageOf(lifted.reason)}); run this again, which says what is left to do`,
      cause,
    );
  const pointed = await Promise.allSettled(
    others.map((other) => followAgain(context, other, before)),
  );
  await forget(context, [...new Set([...others, ...(to === undefined ? [] : [to])])]);
  const left = [
    ...reason(lifted, `'${from}' is still fenced, and lets nobody but superusers in`),
    ...pointed.flatMap((end, index) =>
      reason(end, `'${others[index] ?? ''}' may not stream from '${from}'`),
    ),
  ];
  if (left.length === 0) return;
  throw notTakenBack(`${left.join('; ')}; make them reachable and run this again`, cause);
}

function notTakenBack(got: string, cause: unknown): PontoonError {
  return new PontoonError(
    'NOT_TAKEN_BACK',
    `everything must be taken back after a failure, got ${got}. It had failed since ${messageOf(cause)}`,
    { cause },
  );
}

/** Lets clients into the old primary again, by sessions that are opened anew if the one that fenced it broke. */
async function letInAgain(
  context: PromotionContext,
  walked: Pick<Failure, 'to'> & { readonly before: Members },
): Promise<void> {
  const { from } = context.input;
  const what = `'${from}' must let its clients in again`;
  const lift = async (): Promise<Probe<boolean>> => ({
    done: true,
    value: await liftServer(context, from),
  });
  try {
    await waitUntil({ what, deadlineMs: LIFT_MS, probe: lift });
  } catch (error) {
    context.note(`another session is opened to lift the fence: ${messageOf(error)}`);
    await regain(context, walked);
    await waitUntil({
      what,
      deadlineMs: LIFT_ANEW_MS,
      probe: async () => {
        try {
          return await lift();
        } catch (again) {
          return { done: false, reason: messageOf(again) };
        }
      },
    });
  }
}

/** Has `standby` stream again from whom it did `before`, and waits until it has let go of the other standbys. */
async function followAgain(
  context: PromotionContext,
  standby: string,
  before: Members,
): Promise<void> {
  const { from, connections } = context.input;
  const elsewhere = context.members.flatMap((name) => {
    const connection = connections[name];
    return connection === undefined || name === from ? [] : [connection];
  });
  let pointed: Promise<void> | undefined;
  await waitUntil({
    what: `'${standby}' must stream from '${from}' again`,
    deadlineMs: POINT_BACK_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      pointed ??= pointToPrimary(context, standby, before);
      await pointed;
      const receiver = await context.runOne(standby, receiverState());
      const away = elsewhere.some(
        ({ host, port }) => host === receiver?.host && port === receiver.port,
      );
      return away
        ? { done: false, reason: `${String(receiver?.host)}:${String(receiver?.port)}` }
        : { done: true, value: undefined };
    },
  });
}

/** Whoever streamed from another standby may have no slot there. */
async function pointToPrimary(
  context: PromotionContext,
  standby: string,
  before: Members,
): Promise<void> {
  const slot = before.get(standby)?.slot ?? '';
  if (slot !== '') await provideSlot(context, context.input.from, slot);
  await pointBack(context, standby, before);
}

/** Has `standbys` keep no log for each other. One that cannot be asked keeps nobody waiting. */
async function forget(context: PromotionContext, standbys: readonly string[]): Promise<void> {
  const ends = await Promise.allSettled(
    standbys.map((standby) => forgetFollowers(context, standby)),
  );
  for (const [index, end] of ends.entries()) {
    if (end.status === 'fulfilled') continue;
    context.note(
      `'${standbys[index] ?? ''}' may still keep its log for others (${messageOf(end.reason)}): drop the physical slots there that nobody reads from`,
    );
  }
}

function reason(end: PromiseSettledResult<unknown>, what: string): string[] {
  return end.status === 'fulfilled' ? [] : [`${what} (${messageOf(end.reason)})`];
}
