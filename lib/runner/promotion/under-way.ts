import { isRecovering, PontoonError, promotionAsked, replayFreely } from '../../postgres';
import { SqlError } from '../run';
import { waitUntil } from '../wait';
import type { Members, PromotionContext } from './context';
import { look } from './look';
import { promotionMs } from './take-over';

const LOOK_AGAIN_MS = 50;
/** What a server refuses with that is not in the state which is asked for. */
const NOT_IN_STATE = '55000';

/**
 * Looks at every server, once each standby that was told to become a primary is one: it may take writes at any moment,
 * so that no other server may be promoted, or opened again, meanwhile.
 *
 * @throws PontoonError with code MAY_BE_PROMOTED.
 */
export async function lookAtLast(context: PromotionContext): Promise<Members> {
  const members = await look(context);
  const promoted = await underWay(context, members);
  if (promoted.length === 0) return members;
  const deadlineMs = promotionMs(context);
  const ends = performance.now() + deadlineMs;
  for (const server of promoted) {
    context.note(`'${server}' is being promoted; it is waited for, ${deadlineMs / 1000} s at most`);
    const recovering = await waitUntil({
      what: `'${server}' must say whether it is a primary`,
      deadlineMs: 2 * deadlineMs,
      intervalMs: LOOK_AGAIN_MS,
      probe: async () => {
        const row = await context.runOne(server, isRecovering());
        return row?.recovering === false || performance.now() > ends
          ? { done: true, value: row?.recovering !== false }
          : { done: false, reason: 'a standby that replays' };
      },
    });
    if (recovering) throw mayBePromoted(server, ` after ${deadlineMs / 1000} s`);
  }
  return await look(context);
}

/**
 * Refuses to say or do anything while a standby becomes a primary.
 *
 * @throws PontoonError with code MAY_BE_PROMOTED.
 */
export async function refuseUnderWay(context: PromotionContext, members: Members): Promise<void> {
  const [server] = await underWay(context, members);
  if (server !== undefined) throw mayBePromoted(server, '');
}

function mayBePromoted(server: string, waited: string): PontoonError {
  return new PontoonError(
    'MAY_BE_PROMOTED',
    `'${server}' must have become a primary before anything else is done, since it is being promoted, got a standby still${waited}; look at its log, and at what its restore_command or recovery_end_command waits for, restart it if it hangs, and run this again, which sees what it is by then`,
  );
}

/**
 * The standbys that become primaries. That one streams proves nothing: it goes on while it replays what it has. A
 * request to promote is a file until the standby heeds it, which is asked first, and from then on no standby lets
 * anybody see to its replay. A restart forgets both. Where neither is there, no request will follow either: whoever
 * walked before held the lock on this standby, which we have now, until its session there had ended.
 */
async function underWay(context: PromotionContext, members: Members): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [server, { recovering }] of members)
    if (recovering && (await isPromoting(context, server))) found.push(server);
  return found;
}

async function isPromoting(context: PromotionContext, server: string): Promise<boolean> {
  const asked = await context.runOne(server, promotionAsked());
  if (asked?.asked === true) return true;
  try {
    await context.run(server, replayFreely());
    return false;
  } catch (error) {
    if (error instanceof SqlError && error.sqlState === NOT_IN_STATE) return true;
    throw error;
  }
}
