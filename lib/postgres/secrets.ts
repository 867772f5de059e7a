import { PontoonError, Problems } from './errors';
import { Reader } from './reader';

/** What somebody logs in with. Printed, inspected or serialized, its password reads `***`. */
export interface Secret {
  /** The role that logs in. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
  /** The host that the secret was issued for, if it says so. */
  readonly host?: string;
  /** The port that the secret was issued for, if it says so. */
  readonly port?: number;
  /** Changes whenever the secret does. */
  readonly version: string;
}

/** Where secrets are kept. */
export interface SecretStore {
  /**
   * The secret that `reference` names. With `fresh`, a remembered one is not good enough: it was refused.
   * Throws a PontoonError with code SECRET_UNAVAILABLE.
   */
  get(reference: string, options?: { readonly fresh?: boolean }): Promise<Secret>;
}

/** The fields of a secret, unprotected. */
export interface SecretFields {
  readonly username: string;
  readonly password: string;
  readonly host?: string;
  readonly port?: number;
  readonly version: string;
}

/** Wraps `fields` so that no log, error or report shows the password. */
export function createSecret(fields: SecretFields): Secret {
  return new HiddenSecret(fields);
}

/**
 * Reads a secret as AWS Secrets Manager keeps it for databases: JSON with `username`, `password` and perhaps `host`
 * and `port`. Throws a PontoonError with code SECRET_UNAVAILABLE that never quotes `text`.
 */
export function parseSecret(text: string, reference: string, version: string): Secret {
  const problems = new Problems();
  const reader = new Reader(parseJson(text, reference), '', problems);
  const fields = {
    username: reader.optionalText('username'),
    password: reader.optionalText('password'),
  };
  const host = reader.optionalText('host');
  const port = Number(reader.optionalText('port') ?? Number.NaN);
  if (fields.username === undefined || fields.password === undefined || fields.username === '') {
    throw unavailable(
      reference,
      'must have the texts "username" and "password", got JSON without them',
    );
  }
  return createSecret({
    username: fields.username,
    password: fields.password,
    version,
    ...(host === undefined ? {} : { host }),
    ...(Number.isInteger(port) ? { port } : {}),
  });
}

function parseJson(text: string, reference: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    throw unavailable(reference, 'must be JSON, got something else');
  }
}

function unavailable(reference: string, rule: string): PontoonError {
  return new PontoonError(
    'SECRET_UNAVAILABLE',
    `secret '${reference}' ${rule}; store it as {"username": "…", "password": "…"}`,
  );
}

class HiddenSecret implements Secret {
  public readonly username: string;
  public readonly host?: string;
  public readonly port?: number;
  public readonly version: string;
  readonly #password: string;

  constructor({ username, password, host, port, version }: SecretFields) {
    this.username = username;
    if (host !== undefined) this.host = host;
    if (port !== undefined) this.port = port;
    this.version = version;
    this.#password = password;
  }

  public get password(): string {
    return this.#password;
  }

  public toJSON(): SecretFields {
    return { ...this, password: '***' };
  }

  public toString(): string {
    return `${this.username}:***`;
  }

  /** What console.log and util.inspect of Node.js show. */
  public [Symbol.for('nodejs.util.inspect.custom')](): SecretFields {
    return this.toJSON();
  }
}
