import { randomInt } from 'node:crypto';
import { Problems } from '../../postgres';
import { isRecord, kindOf, type PlainRecord } from '../assembly';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * The value of a secret with `GenerateSecretString`: a random password, or the template's JSON
 * with the password under its key.
 *
 * @throws ValidationError for settings that Secrets Manager would refuse.
 */
export function generateSecret(settings: PlainRecord, subject: string): string {
  const problems = new Problems();
  const length = Number(settings.PasswordLength ?? 32);
  const groups = characterGroups(settings);
  problems.addIf(
    !Number.isInteger(length) || length < 1 || length > 4096,
    `'PasswordLength' must be a whole number from 1 to 4096, got ${settings.PasswordLength}`,
  );
  problems.addIf(groups.length === 0, "'ExcludeCharacters' cannot exclude every character");
  const each = isOn(settings.RequireEachIncludedType ?? true);
  problems.addIf(
    each && length < groups.length,
    `'PasswordLength' must be at least ${groups.length} to hold each kind of character, got ${length}`,
  );
  const { SecretStringTemplate: template, GenerateStringKey: key } = settings;
  problems.addIf(
    (template === undefined) !== (key === undefined),
    "'SecretStringTemplate' and 'GenerateStringKey' must be given together, got one of them",
  );
  const fields = typeof template === 'string' ? parseFields(template, problems) : undefined;
  problems.throwIfAny(subject);
  const password = generatePassword(groups, length, each);
  return fields === undefined ? password : JSON.stringify({ ...fields, [String(key)]: password });
}

function characterGroups(settings: PlainRecord): readonly string[] {
  const excluded = new Set(String(settings.ExcludeCharacters ?? ''));
  const kinds: readonly (readonly [string, boolean])[] = [
    [LOWER, !isOn(settings.ExcludeLowercase)],
    [UPPER, !isOn(settings.ExcludeUppercase)],
    [DIGITS, !isOn(settings.ExcludeNumbers)],
    [PUNCTUATION, !isOn(settings.ExcludePunctuation)],
    [' ', isOn(settings.IncludeSpace)],
  ];
  return kinds
    .filter(([, included]) => included)
    .map(([characters]) => [...characters].filter((one) => !excluded.has(one)).join(''))
    .filter((characters) => characters !== '');
}

function parseFields(template: string, problems: Problems): PlainRecord {
  try {
    const fields: unknown = JSON.parse(template);
    if (isRecord(fields)) return fields;
    problems.add(`'SecretStringTemplate' must be a JSON object, got ${kindOf(fields)}`);
  } catch {
    problems.add("'SecretStringTemplate' must be a JSON object, got text that is not JSON");
  }
  return {};
}

function generatePassword(groups: readonly string[], length: number, each: boolean): string {
  const all = groups.join('');
  const characters = each ? groups.map(pick) : [];
  while (characters.length < length) characters.push(pick(all));
  // Fisher-Yates, so that the required characters do not all stand in front.
  for (let last = characters.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    const kept = characters[last] ?? '';
    characters[last] = characters[other] ?? '';
    characters[other] = kept;
  }
  return characters.join('');
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

function isOn(value: unknown): boolean {
  return value === true || value === 'true';
}
