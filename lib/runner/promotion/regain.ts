import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { isRecovering, PontoonError, replacedBy, terminate, whoElsePromotes } from '../../postgres';
import { messageOf } from '../message-of';
import { type Members, PromotionContext } from './context';
import { refuseReplaced } from './cut-off';
import { look, takeCluster } from './look';
import { type Absence, openMember } from './open';
import { leftBehind, promotedAlready } from './promoted';
import { refuseUnderWay } from './under-way';

const REGAIN_MS = 10_000;
const ANSWER_MS = 2_000;
const LOOK_AGAIN_MS = 200;

/** What the walk knows of the old primary. */
interface Walked {
  /** The standby that was to be promoted; undefined if none had been chosen. */
  readonly to: string | undefined;
  readonly before: Members;
}

/**
 * Opens anew the sessions of a walk that broke. Whoever slept has no right to promote any more: it is taken again, and
 * nothing goes on unless it is proven that nobody was promoted meanwhile.
 *
 * @throws PontoonError with code PROMOTED_MEANWHILE where somebody was, or may have been.
 */
export async function regain(context: PromotionContext, walked: Walked): Promise<void> {
  const own: Own = { opened: new Map(), lived: new Set(), ended: new Set() };
  const { opened } = own;
  const anew = await takeAnew(context, own);
  try {
    await refuseMeanwhile(anew, walked, own);
  } catch (error) {
    closeAll(opened);
    throw new PontoonError('PROMOTED_MEANWHILE', messageOf(error), { cause: error });
  }
  for (const [server, session] of opened) {
    context.sessions.get(server)?.connection.stream.destroy();
    context.sessions.set(server, session);
  }
  for (const [server, session] of anew.holding) context.holding.set(server, session);
}

/** The sessions of a walk by server. */
interface Own {
  /** Those that are opened anew. */
  readonly opened: Map<string, Client>;
  /** Those that live. */
  readonly lived: Set<string>;
  /** Those that broke here, and lived there until they were ended. */
  readonly ended: Set<string>;
}

/** Takes the cluster with the sessions that live, and with those that are opened in place of the others. */
async function takeAnew(context: PromotionContext, own: Own): Promise<PromotionContext> {
  const ends = performance.now() + REGAIN_MS;
  for (;;) {
    try {
      // Whoever lived by an attempt that failed may not have since.
      own.lived.clear();
      const anew = await openAnew(context, own);
      await endOwn(anew, own, context.holding);
      await takeCluster(anew);
      return anew;
    } catch (error) {
      closeAll(own.opened);
      if (performance.now() > ends) {
        throw new PontoonError(
          'TIMED_OUT',
          `'${context.input.from}' must let its clients in again within ${REGAIN_MS / 1000} s, got ${messageOf(error)}; look at the server’s log`,
          { cause: error },
        );
      }
    }
    await delay(LOOK_AGAIN_MS);
  }
}

function closeAll(opened: Map<string, Client>): void {
  for (const session of opened.values()) session.connection.stream.destroy();
  opened.clear();
}

/** What the operator knew of lost servers by the beginning may be untrue by now. */
async function openAnew(
  context: PromotionContext,
  { opened, lived }: Own,
): Promise<PromotionContext> {
  const { request, services, input } = context;
  const sessions = new Map<string, Client>();
  const absent = new Map<string, Absence>(context.absent);
  const open = async ([server, session]: [string, Client]): Promise<void> => {
    const connection = input.connections[server];
    if (await answers(context, server)) {
      lived.add(server);
      sessions.set(server, session);
    } else if (connection !== undefined) {
      const other = await openMember(connection, services.secrets);
      opened.set(server, other);
      sessions.set(server, other);
    }
  };
  const servers = [...context.sessions];
  const ends = await Promise.allSettled(servers.map(open));
  for (const [index, end] of ends.entries()) {
    const server = servers[index]?.[0] ?? '';
    if (end.status === 'fulfilled') continue;
    if (server === input.from) throw end.reason;
    absent.set(server, { reason: messageOf(end.reason), silent: true });
  }
  const known = { ...request, input: { ...input, lost: [] } };
  return new PromotionContext(known, services, sessions, absent);
}

async function answers(context: PromotionContext, server: string): Promise<boolean> {
  try {
    await context.run(server, isRecovering(), ANSWER_MS);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends sessions of ours that broke here and live there: nobody had their right meanwhile, unless somebody takes it as
 * soon as they end. One that hangs holds up nobody.
 */
async function endOwn(
  anew: PromotionContext,
  { opened, ended }: Own,
  holding: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [server, session] of opened) {
    const holder = await anew.runOne(server, whoElsePromotes());
    if (holder === undefined) continue;
    if (holder.session !== holding.get(server)) {
      ended.clear();
      continue;
    }
    ended.add(server);
    await anew.run(server, terminate([Number(holder.pid)]));
    if (server === anew.input.from) continue;
    session.connection.stream.destroy();
    opened.delete(server);
    anew.sessions.delete(server);
  }
}

/**
 * Whoever promotes takes the right to on every server that answers, so that nobody has promoted if one of ours lived all
 * along. If none has, every server must say so.
 */
async function refuseMeanwhile(
  anew: PromotionContext,
  { to, before }: Walked,
  { lived, ended }: Own,
): Promise<void> {
  const { from } = anew.input;
  const members = await look(anew);
  await refuseUnderWay(anew, members);
  const promoted = promotedAlready(anew, members);
  if (promoted !== undefined) throw meanwhile(`'${promoted}' was promoted`);
  const behind = leftBehind(members, [from]);
  if (behind !== undefined)
    throw meanwhile(`'${behind.ahead}' has log of timeline ${behind.later}`);
  const [noted, notedBefore] = [members, before].map((states) => {
    const state = states.get(from);
    return state === undefined ? undefined : replacedBy(state);
  });
  if (noted !== undefined && noted !== to && noted !== notedBefore)
    throw meanwhile(`'${from}' was fenced in favour of '${noted}'`);
  if (lived.size + ended.size === 0) await refuseReplaced(anew, members);
}

function meanwhile(got: string): PontoonError {
  return new PontoonError(
    'PROMOTED_MEANWHILE',
    `nobody else must have promoted while the sessions of this run were broken, got that ${got}`,
  );
}
