import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { shown } from '../postgres';
import { UsageError } from './usage-error';

/**
 * `input` with each `caCertificateFile` replaced by the file's text as `caCertificate`, since nobody likes certificates
 * inside of JSON. Relative names start from `directory`.
 */
export function withCertificates(input: unknown, directory: string): unknown {
  if (Array.isArray(input)) return input.map((item) => withCertificates(item, directory));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) =>
      key === 'caCertificateFile' && typeof value === 'string'
        ? ['caCertificate', readCertificate(value, directory)]
        : [key, withCertificates(value, directory)],
    ),
  );
}

function readCertificate(file: string, directory: string): string {
  try {
    return readFileSync(resolve(directory, file), 'utf8');
  } catch (error) {
    throw new UsageError(
      `'caCertificateFile' must be a readable file, got ${shown(file)}; correct its name`,
      { cause: error },
    );
  }
}
