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

/** What Node.js says where nobody listens. Whatever else is said, somebody says it. */
const SILENCE = [
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
];

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

/**
 * Refuses servers as gone that answer.
 *
 * @throws PontoonError with code NOT_GONE.
 */
export async function requireSilence(
  { plan, gone = [] }: FinalizeRequest,
  services: CutoverServices,
): Promise<void> {
  for (const server of gone) {
    const answer = await answerOf(server, services);
    if (answer === undefined) continue;
    throw new PontoonError(
      'NOT_GONE',
      `server '${server}' must be gone for good before the migration '${plan.migration}' ends without it, got ${answer}; finalize without '--gone ${server}', or correct its connection if another server has its address by now`,
    );
  }
}

/** What says that the server is there; undefined if nothing does. */
async function answerOf(
  server: string,
  { sessions, connections = {} }: CutoverServices,
): Promise<string | undefined> {
  if (sessions.has(server)) return 'a session on it';
  const connection = connections[server];
  return connection === undefined ? undefined : await refusalOf(connection);
}

async function refusalOf(connection: Connection): Promise<string | undefined> {
  const options = { purpose: 'finalize', connectTimeoutMs: CONNECT_MS };
  try {
    await (await connect(connection, NOBODY, options)).end();
    return 'a login';
  } catch (error) {
    const cause = fieldOf(error, 'cause') ?? error;
    const silent = SILENCE.includes(codeOf(cause) ?? '') || messageOf(cause) === 'timeout expired';
    return silent ? undefined : `its answer "${messageOf(cause)}"`;
  }
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
