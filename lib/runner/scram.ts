import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import saslprep from '@mongodb-js/saslprep';
import { PontoonError } from '../postgres';

/** How a verifier is made. */
export interface ScramOptions {
  /**
   * How often the password is hashed. More makes guessing slower, and every login too.
   *
   * @default 4096, as PostgreSQL does
   */
  readonly iterations?: number;
  /**
   * Random bytes that make equal passwords unequal.
   *
   * @default - 16 random bytes
   */
  readonly salt?: Uint8Array;
}

const ITERATIONS = 4096;
const SALT_BYTES = 16;

/**
 * What PostgreSQL stores in place of `password`, so that `CREATE ROLE … PASSWORD` never carries the password itself.
 * Throws a PontoonError with code INVALID_PASSWORD for the few texts that clients normalize differently.
 *
 * @see https://www.postgresql.org/docs/current/catalog-pg-authid.html
 */
export function scramVerifier(password: string, options: ScramOptions = {}): string {
  const { iterations = ITERATIONS, salt = randomBytes(SALT_BYTES) } = options;
  const salted = pbkdf2Sync(normalize(password), salt, iterations, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/**
 * PostgreSQL and libpq hash a password as it is where SASLprep prohibits it, other clients normalize it all the same.
 * So a prohibited one is taken only if normalizing does not change it.
 */
function normalize(password: string): string {
  if (password === '' || password.includes('\0') || /\p{Surrogate}/u.test(password)) {
    throw invalid('must be a text of at least one character, without NUL and lone surrogates');
  }
  if (/^\p{ASCII}+$/u.test(password)) return password;
  const prepared = prepare(password);
  if (prepared !== undefined) return prepared;
  if (password.normalize('NFKC') === password && !MAPPED.test(password)) return password;
  throw invalid('cannot hold characters that clients normalize differently (RFC 4013)');
}

/** What SASLprep turns into a space or into nothing. */
const MAPPED =
  /\u00A0|\u1680|[\u2000-\u200D]|\u202F|\u205F|\u3000|\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/;

function prepare(password: string): string | undefined {
  try {
    const prepared = saslprep(password);
    return prepared === '' ? undefined : prepared;
  } catch {
    // The library says only that, and why, the text is prohibited.
    return undefined;
  }
}

function invalid(rule: string): PontoonError {
  return new PontoonError(
    'INVALID_PASSWORD',
    `'password' ${rule}, got such a text; let one be generated, or use printable ASCII`,
  );
}
