import type { Problems } from '../../postgres';

/** A parsed JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value`, parsed if it is JSON text; an empty object, and a problem, if it is no object. */
export function readJsonObject(value: unknown, what: string, problems: Problems): JsonObject {
  if (value === undefined || value === null) return {};
  let parsed = value;
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value);
    } catch {
      problems.add(`'${what}' must be JSON, got text that is none; check how it is rendered`);
      return {};
    }
  }
  if (isJsonObject(parsed)) return parsed;
  problems.add(`'${what}' must be an object, got ${JSON.stringify(parsed)}; give an object`);
  return {};
}

/** Whether `value` is an object and no array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads settings out of a JSON object, with scalars as JSON has them or as CloudFormation's strings. */
export class JsonReader {
  constructor(
    private readonly object: JsonObject,
    private readonly path: string,
    private readonly problems: Problems,
  ) {}

  /** The object at `key`, empty if there is none. */
  public child(key: string): JsonReader {
    const path = `${this.path}.${key}`;
    return new JsonReader(
      readJsonObject(this.object[key], path, this.problems),
      path,
      this.problems,
    );
  }

  public boolean(key: string, otherwise: boolean): boolean {
    const value = this.object[key];
    if (value === undefined || value === null) return otherwise;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    this.mustBe(key, 'true or false', value);
    return otherwise;
  }

  public integer(key: string, otherwise: number, minimum: number, maximum: number): number {
    const value = this.object[key];
    if (value === undefined || value === null) return otherwise;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (
      typeof number === 'number' &&
      Number.isInteger(number) &&
      number >= minimum &&
      number <= maximum
    ) {
      return number;
    }
    this.mustBe(key, `an integer from ${minimum} to ${maximum}`, value);
    return otherwise;
  }

  public oneOf<Choice extends string>(
    key: string,
    choices: readonly Choice[],
    otherwise: Choice,
  ): Choice {
    const value = this.object[key];
    if (value === undefined || value === null) return otherwise;
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    this.mustBe(key, `one of ${choices.join(', ')}`, value);
    return otherwise;
  }

  public text(key: string): string | undefined {
    const value = this.object[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    this.mustBe(key, 'a text', value);
    return undefined;
  }

  private mustBe(key: string, rule: string, value: unknown): void {
    this.problems.add(
      `'${this.path}.${key}' must be ${rule}, got ${JSON.stringify(value)}; correct the setting`,
    );
  }
}
