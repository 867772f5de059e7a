import {
  type Connection,
  leadsTo,
  type MemberState,
  PontoonError,
  type ReceiverState,
  receiverState,
  replacedBy,
} from '../../postgres';
import { type Probe, waitUntil } from '../wait';
import type { Members, PromotionContext } from './context';
import { takesWrites } from './promoted';

const LOOK_AGAIN_MS = 50;
/** By how much what a sender says may be late. */
const LATER_MS = 1_000;

/**
 * Refuses to replace a primary that is not the present one. One that answers must not be taken for lost, and one that
 * does not must have been declared so.
 */
export function requireLost(context: PromotionContext, members: Members): void {
  const { absent, request } = context;
  const { from } = context.input;
  const absence = absent.get(from);
  if (absence === undefined) {
    refuseAnswering(context, context.input.lost ?? []);
    // Behind a fence, it may be an earlier run that had a standby stream from another one.
    if (members.get(from)?.fenced === false) refuseAnotherPrimary(context, members);
    if (request.declareLost !== true) return;
    throw new PontoonError(
      'NOT_LOST',
      `'${from}' must be out of reach to be declared lost, got an answer; leave --declare-lost out, and it is fenced first, so that nothing is lost`,
    );
  }
  if (!absence.silent) {
    throw new PontoonError(
      'ANSWERS',
      `'${from}' must let us in or be gone, got an answer nevertheless: ${absence.reason}; clients may still write there, so stop it, or let us in`,
    );
  }
  refuseAnswering(context, absent.keys());
  refuseAnotherPrimary(context, members);
  if (request.declareLost === true) return;
  throw new PontoonError(
    'UNREACHABLE',
    `'${from}' must be fenced before another server is promoted, got no answer: ${absence.reason}; make it reachable, or, once you know that it is gone and no client reaches it, say --declare-lost`,
  );
}

/** Whoever answers and lets nobody in may have been promoted, or have more of the log than the others. */
function refuseAnswering({ absent }: PromotionContext, servers: Iterable<string>): void {
  for (const server of servers) {
    const { silent, reason } = absent.get(server) ?? { silent: true, reason: '' };
    if (silent) continue;
    throw new PontoonError(
      'ANSWERS',
      `'${server}' must let us in or be gone, since it may be the primary, got an answer nevertheless: ${reason}; let us in, or stop it`,
    );
  }
}

/** Whom a standby was told to follow was the primary later than one that is lost, and clients may still write there. */
function refuseAnotherPrimary({ input, absent }: PromotionContext, members: Members): void {
  const { connections, from, lost = [] } = input;
  for (const [standby, state] of members) {
    for (const other of absent.keys()) {
      const connection = connections[other];
      if (!state.recovering || connection === undefined || other === from || lost.includes(other))
        continue;
      const trace = traceOf(state, { standby, other, connection });
      if (trace === undefined) continue;
      const stopping = takesWrites(members.get(from))
        ? `, and stop '${from}', if '${other}' was promoted`
        : '';
      throw new PontoonError(
        'ANOTHER_PRIMARY',
        `'from' must be the present primary, got '${from}', and '${standby}' ${trace}, which does not answer; give 'from' as '${other}'${stopping}, or, once you know that it is gone too and is not the present primary, name it under 'lost'`,
      );
    }
  }
}

/** Of standbys that are silent beside a lost primary, of which nothing says that they were promoted. */
export function remarksOnSilent({ input, absent }: PromotionContext): string[] {
  const { from, lost = [] } = input;
  return [...absent.keys()].flatMap((server) =>
    server === from || lost.includes(server)
      ? []
      : [
          `'${server}' does not answer either, and is taken for a standby: if it was promoted in place of '${from}' and takes writes, there are two primaries, so make sure of it, and name it under 'lost'`,
        ],
  );
}

interface Suspect {
  readonly standby: string;
  readonly other: string;
  readonly connection: Connection;
}

/** What of a standby's state says that `other` may take writes: one that could not be told has read the note. */
function traceOf(state: MemberState, { standby, other, connection }: Suspect): string | undefined {
  if (leadsTo(state.conninfo, standby, connection)) return `is told to stream from '${other}'`;
  return replacedBy(state) === other
    ? `has read that it was fenced in favour of '${other}'`
    : undefined;
}

/**
 * Makes sure that no standby hears from the old primary. A host that vanished looks alive until its silence is noticed, so
 * that one which still counts as streaming is listened to for as long as a live one would take to say something.
 *
 * @throws PontoonError with code HEARD.
 */
export async function refuseHeard(context: PromotionContext): Promise<void> {
  const standbys = [...context.sessions.keys()];
  await Promise.all(standbys.map((server) => listen(context, server)));
}

async function listen(context: PromotionContext, server: string): Promise<void> {
  const first = await receiverOf(context, server);
  if (first === undefined) return;
  context.note(
    `'${server}' has not noticed yet that '${context.input.from}' is gone; it is listened to for ${Math.ceil((first.asksAfterMs + LATER_MS) / 1000)} s at most`,
  );
  const since = performance.now();
  await waitUntil({
    what: `'${server}' must stop streaming from '${context.input.from}'`,
    deadlineMs: 2 * first.asksAfterMs + 10 * LATER_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const now = await receiverOf(context, server);
      if (now === undefined) return { done: true, value: undefined };
      if (now.heard !== first.heard) throw heard(context, server);
      return performance.now() - since > first.asksAfterMs + LATER_MS
        ? { done: true, value: undefined }
        : { done: false, reason: 'a silent stream' };
    },
  });
}

/** The receiver of `server`, unless it streams from one of those that answer. */
async function receiverOf(
  context: PromotionContext,
  server: string,
): Promise<ReceiverState | undefined> {
  const row = await context.runOne(server, receiverState());
  if (row === undefined) return undefined;
  const receiver = row as unknown as ReceiverState;
  const { connections } = context.input;
  const known = [...context.sessions.keys()].some((name) => {
    const connection = connections[name];
    return connection?.host === receiver.host && connection.port === receiver.port;
  });
  return known ? undefined : receiver;
}

function heard({ input: { from } }: PromotionContext, server: string): PontoonError {
  return new PontoonError(
    'HEARD',
    `'${from}' must be gone to be declared lost, got something from it on '${server}' just now; it still works, so make it reachable from here, or stop it`,
  );
}
