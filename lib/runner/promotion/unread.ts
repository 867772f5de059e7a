import { PontoonError } from '../../postgres';
import { waitUntil } from '../wait';
import type { Members, PromotionContext } from './context';
import { look } from './look';

const READ_MS = 30_000;
const LOOK_AGAIN_MS = 100;

/**
 * Waits until every standby has read the log on its own disk, without which nobody can say how far that goes, and
 * returns those that have not after a while.
 */
export async function untilRead(context: PromotionContext): Promise<readonly string[]> {
  const first = unreadOf(await look(context));
  if (first.length === 0) return [];
  context.note(
    `${quoted(first)} must read first what is on its own disk, since it was restarted; it is waited for, ${READ_MS / 1000} s at most`,
  );
  const ends = performance.now() + READ_MS;
  return await waitUntil({
    what: `${quoted(first)} must say how far it has read`,
    deadlineMs: 2 * READ_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async () => {
      const unread = unreadOf(await look(context));
      return unread.length === 0 || performance.now() > ends
        ? { done: true, value: unread }
        : { done: false, reason: `that ${quoted(unread)} reads` };
    },
  });
}

/** The standbys that were restarted and have not read yet what is on their own disks. */
export function unreadOf(members: Members): readonly string[] {
  return [...members].flatMap(([server, { unread }]) => (unread ? [server] : []));
}

/**
 * Refuses to judge a standby by what it has replayed so far, unless a loss is accepted.
 *
 * @throws PontoonError with code LOG_UNREAD.
 */
export function refuseUnread({ request }: PromotionContext, unread: readonly string[]): void {
  if (unread.length === 0 || request.acceptLoss === true) return;
  throw new PontoonError(
    'LOG_UNREAD',
    `every standby must have read the log on its own disk, so that the most advanced one is known, got ${quoted(unread)} that has not since it was restarted; wait until pg_last_wal_receive_lsn() is set there, or say --accept-loss`,
  );
}

function quoted(servers: readonly string[]): string {
  return servers.map((name) => `'${name}'`).join(', ');
}
