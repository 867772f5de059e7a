import { type Connection, PontoonError, type Secret } from '../postgres';
import { fieldOf, messageOf } from './message-of';

const INSECURE_LOGIN = 'INSECURE_LOGIN';

/** What to do about a failed connection, by the code that Node.js, OpenSSL or PostgreSQL gave. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'start the server, or correct host and port',
  ENOTFOUND: 'correct the host name, or make it resolvable from here',
  EAI_AGAIN: 'make the name server reachable from here',
  ETIMEDOUT: 'check the route and the firewall rules in between',
  EHOSTUNREACH: 'check the route and the firewall rules in between',
  ENETUNREACH: 'check the route and the firewall rules in between',
  ECONNRESET: 'look at the server’s log, and for a proxy or firewall in between',
  CERT_HAS_EXPIRED: 'renew the server’s certificate',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'give the server’s certificate as its caCertificate',
  SELF_SIGNED_CERT_IN_CHAIN:
    'give the authority that issued the server’s certificate as caCertificate',
  UNABLE_TO_GET_ISSUER_CERT:
    'give the authority that issued the server’s certificate as caCertificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'give the authority that issued the server’s certificate as caCertificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'give the authority that issued the server’s certificate as caCertificate',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'connect by a name or address of the certificate, or set sslMode to verify-ca if none can match',
  '28000': 'let this role in by a hostssl line of pg_hba.conf with scram-sha-256',
  '28P01': 'store the role’s present password in the secret',
  '3D000': 'correct the database’s name, or create it',
  '42501': 'grant CONNECT on the database to the role',
  '53300': 'raise max_connections, or end idle sessions',
  '57P03': 'wait until the server has started up',
};

/** The error for a connection that could not be made. Its cause is what pg said; neither holds the password. */
export function connectFailure(
  connection: Connection,
  secret: Secret,
  { purpose }: { readonly purpose: string },
  error: unknown,
): PontoonError {
  const { server, host, port, database } = connection;
  const code = codeOf(error);
  const reason = messageOf(error);
  const own = code === undefined || code === INSECURE_LOGIN || reason.includes(code);
  const shown = own ? reason : `${code} ${reason}`;
  return new PontoonError(
    'CONNECT_FAILED',
    `server "${server}" (${host}:${port}, database "${database}") must let "${secret.username}" in for ${purpose}, got ${hide(shown, secret.password)}; ${wayOut(code, reason)}`,
    { cause: error },
  );
}

/** The error for a server that wants to be shown the password, or lets everybody in. */
export function refuseMethod(asked: string): PontoonError {
  return new PontoonError(
    INSECURE_LOGIN,
    `a login that asks for ${asked} where only SCRAM is safe`,
  );
}

/** The code of `error`: an SQLSTATE, or what Node.js and OpenSSL call it. */
export function codeOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

function wayOut(code: string | undefined, reason: string): string {
  if (code === INSECURE_LOGIN) {
    return "set password_encryption to 'scram-sha-256', set the role's password again, and let it in with scram-sha-256 in pg_hba.conf";
  }
  if (reason.includes('does not support SSL')) {
    return "set ssl to 'on' and give the server a certificate";
  }
  if (reason === 'timeout expired') return 'check the route and the firewall rules in between';
  return (code === undefined ? undefined : WAYS_OUT[code]) ?? 'look at the server’s log';
}

function hide(text: string, password: string): string {
  return password === '' ? text : text.replaceAll(password, '***');
}
