import type { Client } from 'pg';
import {
  type Connection,
  clusterOf,
  PontoonError,
  type PromotionInput,
  type SecretStore,
} from '../../postgres';
import { connect } from '../connect';
import { codeOf } from '../connect-failure';
import { keepAlive } from '../keep-alive';
import { fieldOf, messageOf } from '../message-of';

const CONNECT_MS = 5_000;

/** What nobody answers with. Names may be lost with the region that they are kept in. */
const SILENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
]);

const SILENT_MESSAGES: ReadonlySet<string> = new Set([
  'timeout expired',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
]);

/** A server without a session. */
export interface Absence {
  readonly reason: string;
  /** Whether nothing answers there: no server that refuses the login, or is still starting up. */
  readonly silent: boolean;
}

/** Opens a session of a promotion, which no server ends for being idle while another is waited for. */
export async function openMember(connection: Connection, secrets: SecretStore): Promise<Client> {
  const options = { purpose: 'promotion', connectTimeoutMs: CONNECT_MS };
  const session = await connect(connection, secrets, options);
  keepAlive(session);
  return session;
}

/**
 * Opens a session on every server of the cluster that lets us in, gives them to `use`, and closes them, however `use`
 * ends.
 *
 * @throws PontoonError with code SECRET_UNAVAILABLE: without its login, nobody can say whether a server is there.
 */
export async function withMembers<Result>(
  input: PromotionInput,
  secrets: SecretStore,
  use: (sessions: Map<string, Client>, absent: ReadonlyMap<string, Absence>) => Promise<Result>,
): Promise<Result> {
  const sessions = new Map<string, Client>();
  const absent = new Map<string, Absence>();
  const unasked = new Map<string, unknown>();
  const open = async (server: string): Promise<void> => {
    const connection = input.connections[server];
    if (connection === undefined) return;
    try {
      sessions.set(server, await openMember(connection, secrets));
    } catch (error) {
      if (codeOf(error) !== 'CONNECT_FAILED') unasked.set(server, error);
      else absent.set(server, { reason: messageOf(error), silent: isSilent(error) });
    }
  };
  const members = clusterOf(input.topology, input.from);
  try {
    await Promise.all(members.map(open));
    refuseUnasked(unasked);
    return await use(sessions, inOrderOf(members, absent));
  } finally {
    await Promise.allSettled([...sessions.values()].map((session) => session.end()));
  }
}

/** Whoever refuses first is named in no other place for it. */
function inOrderOf<Value>(
  members: readonly string[],
  found: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  return new Map(
    members.flatMap((name): [string, Value][] => {
      const value = found.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function refuseUnasked(unasked: ReadonlyMap<string, unknown>): void {
  const [first] = unasked.values();
  if (first === undefined) return;
  const reasons = new Set([...unasked.values()].map(messageOf));
  throw new PontoonError(
    'SECRET_UNAVAILABLE',
    `the logins of ${[...unasked.keys()].map((name) => `'${name}'`).join(', ')} must be readable, also of a server that is lost, got: ${[...reasons].join('; ')}; if they cannot be, write {"username": "…", "password": "…"} to a file of mode 0600, and give "secret": "file:/path" in their connections`,
    { cause: first },
  );
}

function isSilent(error: unknown): boolean {
  const cause = fieldOf(error, 'cause');
  const code = codeOf(cause);
  return code === undefined ? SILENT_MESSAGES.has(messageOf(cause)) : SILENT.has(code);
}
