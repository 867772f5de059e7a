import type { Client } from 'pg';
import { clusterOf, type PromotionInput, type SecretStore } from '../../postgres';
import { connect } from '../connect';
import { codeOf } from '../connect-failure';
import { fieldOf, messageOf } from '../message-of';

const CONNECT_MS = 5_000;

/** What nobody answers with. A name that is not known may just be mistyped, and so does not count. */
const SILENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'EPIPE',
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

/** Opens a session on every server of the cluster that lets us in, gives them to `use`, and closes them, however `use` ends. */
export async function withMembers<Result>(
  input: PromotionInput,
  secrets: SecretStore,
  use: (
    sessions: ReadonlyMap<string, Client>,
    absent: ReadonlyMap<string, Absence>,
  ) => Promise<Result>,
): Promise<Result> {
  const sessions = new Map<string, Client>();
  const absent = new Map<string, Absence>();
  const open = async (server: string): Promise<void> => {
    const connection = input.connections[server];
    if (connection === undefined) return;
    try {
      const options = { purpose: 'promotion', connectTimeoutMs: CONNECT_MS };
      sessions.set(server, await connect(connection, secrets, options));
    } catch (error) {
      absent.set(server, { reason: messageOf(error), silent: isSilent(error) });
    }
  };
  try {
    await Promise.all(clusterOf(input.topology, input.from).map(open));
    return await use(sessions, absent);
  } finally {
    await Promise.allSettled([...sessions.values()].map((session) => session.end()));
  }
}

function isSilent(error: unknown): boolean {
  const cause = fieldOf(error, 'cause');
  const code = codeOf(cause);
  return code === undefined ? SILENT_MESSAGES.has(messageOf(cause)) : SILENT.has(code);
}
