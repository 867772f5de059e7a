import { randomBytes } from 'node:crypto';
import {
  type Connection,
  type CutoverPlan,
  createSecret,
  PontoonError,
  quietSlotName,
  type SecretStore,
  serversOf,
} from '../../postgres';
import { connect } from '../connect';
import { codeOf } from '../connect-failure';
import { fieldOf, messageOf } from '../message-of';
import type { FinalizeRequest } from './finalize';
import type { CutoverServices } from './services';

const CONNECT_MS = 5_000;

/** What Node.js says where nobody listens. */
const SILENCE = ['ECONNREFUSED', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENOTFOUND', 'ETIMEDOUT'];
/** What it says where this machine could not ask. */
const UNASKED = ['EAI_AGAIN', 'ENETUNREACH'];

/** Its secret may be gone with it. A server that is there refuses this login, and has answered. */
const NOBODY: SecretStore = {
  get: async () =>
    createSecret({
      username: 'pontoon',
      password: randomBytes(16).toString('hex'),
      version: 'none',
    }),
};

/**
 * Refuses servers as gone that the plan does not name, all of its writers, and what is said of one that is gone.
 *
 * @throws PontoonError with code INVALID.
 */
export function requireFinalizable({
  plan,
  gone = [],
  leaveFenced = false,
}: FinalizeRequest): void {
  const servers = serversOf(plan);
  const unknown = gone.find((server) => !servers.includes(server));
  if (unknown !== undefined)
    throw new PontoonError(
      'INVALID',
      `'gone' must name servers of the plan, got '${unknown}'; name ${servers.map((name) => `'${name}'`).join(', ')}`,
    );
  const [lost, another] = [plan.from, plan.to].filter((server) => gone.includes(server));
  if (another !== undefined)
    throw new PontoonError(
      'INVALID',
      `'gone' must leave the migration '${plan.migration}' one of its writers, got '${plan.from}' and '${plan.to}'; forget it: nothing is left of it that could be dropped`,
    );
  if (lost !== undefined && leaveFenced)
    throw new PontoonError(
      'INVALID',
      `'leaveFenced' cannot be given where a writer is gone, got '${lost}' gone; leave it out: there is no old writer to be kept closed`,
    );
}

/** What was heard of a server that is said to be gone. */
interface Heard {
  /** What was said, by the server or by the network. */
  readonly said: string;
  readonly of: 'silence' | 'answer' | 'unasked';
}

/**
 * Refuses servers as gone that answer, or that cannot be asked. Says what was heard of each other one.
 *
 * @throws PontoonError with code NOT_GONE.
 */
export async function requireSilence(
  { plan, gone = [] }: Pick<FinalizeRequest, 'plan' | 'gone'>,
  { sessions, connections = {} }: Pick<CutoverServices, 'sessions' | 'connections'>,
): Promise<readonly string[]> {
  const silence: string[] = [];
  for (const server of gone) {
    if (sessions.has(server)) throw notGone(plan, server, 'a session on it');
    const connection = connections[server];
    if (connection === undefined) continue;
    const { of, said } = await listen(connection);
    if (of === 'answer') throw notGone(plan, server, said);
    if (of === 'unasked') throw unasked(plan, server, said);
    silence.push(`'${server}' (${connection.host}:${connection.port}): ${said}`);
  }
  return silence;
}

async function listen(connection: Connection): Promise<Heard> {
  const options = { purpose: 'finalize', connectTimeoutMs: CONNECT_MS };
  try {
    await (await connect(connection, NOBODY, options)).end();
    return { of: 'answer', said: 'a login' };
  } catch (error) {
    const cause = fieldOf(error, 'cause') ?? error;
    const said = messageOf(cause);
    if (UNASKED.includes(codeOf(cause) ?? '')) return { of: 'unasked', said };
    if (isSilence(cause)) return { of: 'silence', said };
    return { of: 'answer', said: `its answer "${said}"` };
  }
}

/** Whether a connection failed because nobody answers. */
export function isSilence(cause: unknown): boolean {
  // What pg says when its own time is over has no code.
  return SILENCE.includes(codeOf(cause) ?? '') || messageOf(cause) === 'timeout expired';
}

function notGone({ migration }: CutoverPlan, server: string, answer: string): PontoonError {
  return new PontoonError(
    'NOT_GONE',
    `server '${server}' must be gone for good before the migration '${migration}' ends without it, got ${answer}; finalize without '--gone ${server}', or correct its connection if something else has its address by now, or only stands before it`,
  );
}

function unasked({ migration }: CutoverPlan, server: string, said: string): PontoonError {
  return new PontoonError(
    'NOT_GONE',
    `server '${server}' must be asked whether it is gone before the migration '${migration}' ends without it, got no way to ask it: ${said}; finalize from where its network and name server can be reached`,
  );
}

/** What may be on the disks of servers that are `gone`, for whoever finds them again to drop. */
export function leftOn(plan: CutoverPlan, gone: readonly string[]): readonly string[] {
  const { from, to, forward, reverse = [], keep, migration } = plan;
  const ways = [
    { paths: forward, writer: from, receiver: to },
    { paths: reverse, writer: to, receiver: from },
  ];
  return gone.flatMap((server) => {
    const on = (kind: string, name: string | undefined): readonly string[] =>
      name === undefined ? [] : [`${kind} '${name}' on '${server}'`];
    const ofPaths = ways.flatMap(({ paths, writer, receiver }) =>
      paths.flatMap(({ decoder, slotName, subscription, publication }) => [
        ...(receiver === server ? on('subscription', subscription) : []),
        ...(decoder === server ? on('slot', slotName) : []),
        ...(writer === server ? on('publication', publication) : []),
      ]),
    );
    const fences = server === from ? on('slot', quietSlotName(migration)) : [];
    return [...ofPaths, ...fences, ...(keep[server] ?? []).flatMap((name) => on('role', name))];
  });
}
