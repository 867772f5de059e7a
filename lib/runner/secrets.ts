import { open } from 'node:fs/promises';
import {
  createSecret,
  PontoonError,
  parseSecret,
  type Secret,
  type SecretFields,
  type SecretStore,
} from '../postgres';
import { codeOf } from './connect-failure';

/** Secrets that are already known, by reference. */
export function staticSecrets(
  secrets: Readonly<Record<string, Omit<SecretFields, 'version'>>>,
): SecretStore {
  const known = new Map(
    Object.entries(secrets).map(([reference, fields]) => [
      reference,
      createSecret({ ...fields, version: 'static' }),
    ]),
  );
  return {
    get: async (reference) => {
      const secret = known.get(reference);
      if (secret === undefined) {
        throw unavailable(
          `secret '${reference}' must be one of those given, got ${[...known.keys()].map((name) => `'${name}'`).join(', ') || 'none'}; add it`,
        );
      }
      return secret;
    },
  };
}

/**
 * Secrets on this machine. `env:PREFIX` stands for the variables `PREFIXUSER` and `PREFIXPASSWORD` (so `env:PG` for
 * PGUSER and PGPASSWORD), `file:/path` for a JSON file with `username` and `password` that only its owner may read.
 */
export function environmentSecrets(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecretStore {
  return {
    get: async (reference) => {
      const [, kind, rest] = /^(env|file):(.+)$/.exec(reference) ?? [];
      if (kind === 'env' && rest !== undefined) return fromVariables(environment, reference, rest);
      if (kind === 'file' && rest !== undefined) return fromFile(reference, rest);
      throw unavailable(
        // Who misunderstood 'secret' wrote the password itself.
        `'secret' must be written as 'env:PREFIX' or 'file:/path', got another text, which is not shown; set the variables PREFIXUSER and PREFIXPASSWORD, or write the file`,
      );
    },
  };
}

function fromVariables(
  environment: Readonly<Record<string, string | undefined>>,
  reference: string,
  prefix: string,
): Secret {
  const username = environment[`${prefix}USER`];
  const password = environment[`${prefix}PASSWORD`];
  if (username === undefined || password === undefined) {
    const missing = [
      ...(username === undefined ? [`${prefix}USER`] : []),
      ...(password === undefined ? [`${prefix}PASSWORD`] : []),
    ];
    throw unavailable(
      `secret '${reference}' requires the environment variables ${prefix}USER and ${prefix}PASSWORD, got no ${missing.join(' and no ')}; set them`,
    );
  }
  return createSecret({ username, password, version: 'environment' });
}

async function fromFile(reference: string, path: string): Promise<Secret> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unavailable(
      `secret '${reference}' must be a readable file, got ${codeOf(error) ?? 'no file'}; write {"username": "…", "password": "…"} to it`,
    );
  });
  try {
    const { mode, mtimeMs } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw unavailable(
        `secret '${reference}' must be readable by its owner only, got mode ${(mode & 0o777).toString(8).padStart(4, '0')}; run chmod 0600 on it`,
      );
    }
    return parseSecret(await file.readFile('utf8'), reference, String(mtimeMs));
  } finally {
    await file.close();
  }
}

function unavailable(message: string): PontoonError {
  return new PontoonError('SECRET_UNAVAILABLE', message);
}
