import {
  LinkKind,
  mayStampSlots,
  PontoonError,
  type ReplicationPath,
  type StreamIdentity,
  slotIdentity,
  stampSlot,
} from '../../postgres';
import type { Row } from '../run';
import { waitUntil } from '../wait';
import type { CutoverContext } from './context';
import { sqlOf, subscriptionOf } from './paths';

/** How long the statistics may take to say what was asked of them. */
const STAMP_MS = 30_000;

/** The streams of the way forward as they are now. */
export async function streamsNow(context: CutoverContext): Promise<readonly StreamIdentity[]> {
  const { from, to, forward } = context.plan;
  const streams: StreamIdentity[] = [];
  for (const path of forward) {
    const { receiver } = sqlOf(context, path);
    const row: Row | undefined =
      path.kind === LinkKind.DMS
        ? { receiver: path.slotName }
        : await context.runOne(to, receiver(subscriptionOf(path)));
    if (row === undefined) {
      throw new PontoonError(
        'NO_STREAM',
        `'${to}' must follow '${from}' before rows are compared, got no subscription '${path.subscription ?? ''}'; deploy it first`,
      );
    }
    streams.push(await streamOf(context, path, row));
  }
  return streams;
}

/**
 * The streams of the way forward, marked so that later ones of the same names are told from them. Where the runner may
 * not mark a slot, only its count of transactions tells, which a later slot passes some time.
 */
export async function beginStreams(context: CutoverContext): Promise<readonly StreamIdentity[]> {
  const before = await streamsNow(context);
  const { forward } = context.plan;
  for (const { decoder, slotName } of forward) {
    if ((await context.runOne(decoder, mayStampSlots()))?.may !== true)
      return await streamsNow(context);
    await context.run(decoder, stampSlot(slotName));
  }
  const slots = forward.map(({ decoder, slotName }) => `slot '${slotName}' on '${decoder}'`);
  return await waitUntil({
    what: `the statistics of ${slots.join(', ')} must be set to 0`,
    deadlineMs: STAMP_MS,
    probe: async () => {
      const value = await streamsNow(context);
      return value.some(({ stamp }, index) => stamp === before[index]?.stamp)
        ? { done: false, reason: 'those from before' }
        : { done: true, value };
    },
  });
}

async function streamOf(
  context: CutoverContext,
  { decoder, slotName }: ReplicationPath,
  { receiver, errors }: Row,
): Promise<StreamIdentity> {
  const row = await context.runOne(decoder, slotIdentity(slotName));
  if (row === undefined) {
    throw new PontoonError(
      'NO_STREAM',
      `slot '${slotName}' on '${decoder}' must be there before rows are compared, got none; deploy it first`,
    );
  }
  const { stamp, transactions, position } = row as unknown as Omit<StreamIdentity, 'receiver'>;
  return {
    receiver: String(receiver),
    stamp,
    transactions,
    position,
    ...(typeof errors === 'string' ? { errors } : {}),
  };
}
