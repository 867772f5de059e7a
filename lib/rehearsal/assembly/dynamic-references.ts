import { PontoonError, Problems } from '../../postgres';
import { isRecord } from './plain-data';

/** A `{{resolve:service:key}}` in a template. */
export interface DynamicReference {
  readonly service: 'secretsmanager' | 'ssm' | 'ssm-secure';
  /** Everything after the service, as written. */
  readonly key: string;
  /** The secret's name or ARN, or the parameter's name. */
  readonly id: string;
  /** The key in a secret's JSON; the whole secret without it. */
  readonly jsonKey: string | undefined;
  /** The version stage of a secret, or the version of a parameter. */
  readonly version: string | undefined;
}

const REFERENCE = /\{\{resolve:([a-z-]+):([^{}]*)\}\}/g;

/** Replaces each dynamic reference in a string; `replace` throws for one that has no value. */
export function replaceDynamicReferences(
  text: string,
  at: string,
  replace: (reference: DynamicReference) => string,
): string {
  return text.replace(REFERENCE, (_whole, service: string, key: string) =>
    replace(parseDynamicReference(service, key, at)),
  );
}

/**
 * Replaces the dynamic references in an evaluated value; `at` is where it stands in the template.
 *
 * @throws ValidationError naming each reference that `resolve` does not know. Values are never shown.
 */
export function resolveDynamicReferences(
  value: unknown,
  at: string,
  resolve: (reference: DynamicReference) => string | undefined,
): unknown {
  const problems = new Problems();
  const resolved = walk(value, at, problems, resolve);
  problems.throwIfAny('dynamic references');
  return resolved;
}

function walk(
  value: unknown,
  at: string,
  problems: Problems,
  resolve: (reference: DynamicReference) => string | undefined,
): unknown {
  if (Array.isArray(value)) {
    return value.map((entry, index) => walk(entry, `${at}[${index}]`, problems, resolve));
  }
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        key,
        walk(entry, `${at}.${key}`, problems, resolve),
      ]),
    );
  }
  if (typeof value !== 'string') return value;
  let text = value;
  problems.collect(() => {
    text = replaceDynamicReferences(value, at, (reference) => {
      const found = resolve(reference);
      if (found !== undefined) return found;
      throw new PontoonError(
        'TEMPLATE',
        `'${at}' requires the value of {{resolve:${reference.service}:${reference.key}}}, got none; give it in 'dynamicReference'`,
      );
    });
  });
  return text;
}

function parseDynamicReference(service: string, key: string, at: string): DynamicReference {
  if (service === 'ssm' || service === 'ssm-secure') {
    const [id = '', version] = key.split(':');
    return { service, key, id, jsonKey: undefined, version };
  }
  if (service !== 'secretsmanager') {
    throw new PontoonError(
      'TEMPLATE',
      `'${at}' cannot use a dynamic reference to "${service}"; CloudFormation has ssm, ssm-secure and secretsmanager`,
    );
  }
  const parts = key.split(':');
  // A secret's ARN itself holds six colons.
  const idLength = parts[0] === 'arn' ? 7 : 1;
  const [kind = 'SecretString', jsonKey = '', stage = ''] = parts.slice(idLength);
  if (kind !== 'SecretString' && kind !== '') {
    throw new PontoonError(
      'TEMPLATE',
      `'${at}' requires SecretString in {{resolve:secretsmanager:${key}}}, got "${kind}"`,
    );
  }
  return {
    service,
    key,
    id: parts.slice(0, idLength).join(':'),
    jsonKey: jsonKey === '' ? undefined : jsonKey,
    version: stage === '' ? undefined : stage,
  };
}
