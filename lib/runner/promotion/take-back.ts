import { PontoonError } from '../../postgres';
import { messageOf } from '../message-of';
import { type Probe, waitUntil } from '../wait';
import type { Members, PromotionContext } from './context';
import { liftServer } from './fence';
import { forgetFollowers, pointBack } from './follow';
import type { Repointing } from './take-over';

const LIFT_MS = 5_000;
const LIFT_ANEW_MS = 10_000;

/**
 * Has the old primary be followed and take writes again after a failure, the `cause`, and the standby keep no log for
 * anybody.
 *
 * @throws PontoonError with code NOT_TAKEN_BACK that says what is left.
 */
export async function takeBack(
  context: PromotionContext,
  members: Members,
  { to, others, cause }: Repointing & { readonly cause: unknown },
): Promise<void> {
  const { from } = context.input;
  context.step('take-back');
  const pointed = await Promise.allSettled(
    others.map((other) => pointBack(context, other, members)),
  );
  const [lifted, forgotten] = await Promise.allSettled([
    letInAgain(context, from),
    forgetFollowers(context, to),
  ]);
  const left = [
    ...reason(lifted, `'${from}' is still fenced, and lets nobody but superusers in`),
    ...pointed.flatMap((end, index) =>
      reason(end, `'${others[index] ?? ''}' may still stream from '${to}'`),
    ),
    ...reason(forgotten, `'${to}' may still keep its log for others`),
  ];
  if (left.length === 0) return;
  throw new PontoonError(
    'NOT_TAKEN_BACK',
    `everything must be taken back after a failure, got ${left.join('; ')}; make them reachable and run this again. It had failed since ${messageOf(cause)}`,
    { cause },
  );
}

/** Lets clients into `server` again, by a session of its own if the one that fenced it broke. */
async function letInAgain(context: PromotionContext, server: string): Promise<void> {
  const what = `'${server}' must let its clients in again`;
  const lift = async (): Promise<Probe<boolean>> => ({
    done: true,
    value: await liftServer(context, server),
  });
  try {
    await waitUntil({ what, deadlineMs: LIFT_MS, probe: lift });
  } catch (error) {
    context.note(`another session is opened to lift the fence: ${messageOf(error)}`);
    await waitUntil({
      what,
      deadlineMs: LIFT_ANEW_MS,
      probe: async () => {
        try {
          await context.reopen(server);
          return await lift();
        } catch (again) {
          return { done: false, reason: messageOf(again) };
        }
      },
    });
  }
}

function reason(end: PromiseSettledResult<unknown>, what: string): string[] {
  return end.status === 'fulfilled' ? [] : [`${what} (${messageOf(end.reason)})`];
}
