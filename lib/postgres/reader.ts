import { Problems } from './errors';
import { nameProblem, slotNameProblem } from './identifiers';
import { shown } from './shown';

/**
 * Reads plain data that somebody else wrote: a spec on stdin, or properties from CloudFormation, which turns every
 * scalar into a string. Keeps what is wrong in `problems`, and refuses what nobody read.
 */
export class Reader {
  private readonly seen = new Set<string>();
  private readonly fields: Readonly<Record<string, unknown>>;
  private readonly problems: Problems;

  constructor(
    input: unknown,
    private readonly path: string,
    problems: Problems,
  ) {
    this.problems = problems;
    const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
    this.fields = isObject ? (input as Record<string, unknown>) : {};
    if (isObject) return;
    this.wrong(path || 'input', 'must be an object', input, 'give its properties by name');
    // What follows from that is no news: each property of it is missing.
    this.problems = new Problems();
  }

  /** A text that must be given. */
  public text(key: string): string {
    return this.required(key) ?? '';
  }

  /** A text that may be left out. */
  public optionalText(key: string): string | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    this.wrong(this.at(key), 'must be a text', value, 'quote it');
    return undefined;
  }

  /** A text that may be left out, with which `problemOf` finds nothing wrong. */
  public optionalTextThat(
    key: string,
    problemOf: (text: string, what: string) => string | undefined,
  ): string | undefined {
    const value = this.optionalText(key);
    const problem = value === undefined ? undefined : problemOf(value, this.at(key));
    if (problem !== undefined) this.problems.add(problem);
    return value;
  }

  /** One of `choices`. */
  public choice<Choice extends string>(
    key: string,
    choices: readonly Choice[],
    otherwise?: Choice,
  ): Choice {
    const value = this.optionalText(key) ?? otherwise;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      this.wrong(
        this.at(key),
        `must be one of ${choices.map((choice) => `'${choice}'`).join(', ')}`,
        value,
        'pick one',
      );
    }
    return (found ?? choices[0]) as Choice;
  }

  /** A PostgreSQL name. */
  public name(key: string): string {
    return this.checked(key, nameProblem);
  }

  /** A replication slot's name. */
  public slotName(key: string): string {
    return this.checked(key, slotNameProblem);
  }

  /** A whole number of at least `least`, and at most `most`. */
  public integer(key: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.take(key);
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    if (
      typeof number === 'number' &&
      Number.isSafeInteger(number) &&
      number >= least &&
      number <= most
    )
      return number;
    const range =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    this.wrong(this.at(key), `must be a whole number ${range}`, value, 'correct it');
    return least;
  }

  /** A whole number of at least `least`, and at most `most`, that may be left out. */
  public optionalInteger(key: string, least: number, most?: number): number | undefined {
    return this.take(key) === undefined ? undefined : this.integer(key, least, most);
  }

  /** A boolean, or `otherwise` if it is left out. */
  public flag(key: string, otherwise: boolean): boolean {
    const value = this.take(key);
    if (value === undefined) return otherwise;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    this.wrong(this.at(key), 'must be true or false', value, 'correct it');
    return otherwise;
  }

  /** A list of texts; empty if it is left out. */
  public texts(key: string): string[] {
    const value = this.take(key);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.wrong(this.at(key), 'must be a list of texts', value, 'write it as [ … ]');
    return [];
  }

  /** A list of PostgreSQL names; empty if it is left out. */
  public names(key: string): string[] {
    const names = this.texts(key);
    for (const [index, name] of names.entries()) {
      const problem = nameProblem(name, `${this.at(key)}[${index}]`);
      if (problem !== undefined) this.problems.add(problem);
    }
    return names;
  }

  /** A list of texts that may be left out, which is not the same as an empty one. */
  public optionalTexts(key: string): string[] | undefined {
    const given = this.fields[key] !== undefined;
    const value = this.texts(key);
    return given ? value : undefined;
  }

  /** A list of some of `choices`; empty if it is left out. */
  public choices<Choice extends string>(key: string, choices: readonly Choice[]): Choice[] {
    const given = this.texts(key);
    const known = given.flatMap((text) => choices.filter((choice) => choice === text));
    if (known.length < given.length) {
      this.refuse(
        key,
        `must name only ${choices.map((choice) => `'${choice}'`).join(', ')}`,
        'correct the list',
      );
    }
    return known;
  }

  /** A list of objects, each read by `read`; empty if it is left out. */
  public list<Item>(key: string, read: (reader: Reader) => Item): Item[] {
    const value = this.take(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.wrong(this.at(key), 'must be a list', value, 'write it as [ … ]');
      return [];
    }
    return value.map((item, index) => this.nested(item, `${this.at(key)}[${index}]`, read));
  }

  /** A list of objects that may be left out, which is not the same as an empty one. */
  public optionalList<Item>(key: string, read: (reader: Reader) => Item): Item[] | undefined {
    const given = this.fields[key] !== undefined;
    const value = this.list(key, read);
    return given ? value : undefined;
  }

  /** An object that must be given, read by `read`. */
  public object<Item>(key: string, read: (reader: Reader) => Item): Item {
    return this.nested(this.take(key), this.at(key), read);
  }

  /** An object that may be left out. */
  public optionalObject<Item>(key: string, read: (reader: Reader) => Item): Item | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : this.nested(value, this.at(key), read);
  }

  /** Texts by name, with names of the writer's choice. */
  public textMap(key: string): Record<string, string> {
    return this.object(key, (reader) =>
      Object.fromEntries(Object.keys(reader.fields).map((name) => [name, reader.text(name)])),
    );
  }

  /** Keeps what `check` says of the property `key`, as the writer knows it. */
  public check(key: string, check: (what: string) => readonly string[]): void {
    for (const problem of check(this.at(key))) this.problems.add(problem);
  }

  /** Runs `check` and, if it throws a PontoonError, keeps what it said. */
  public collect(check: () => void): void {
    this.problems.collect(check);
  }

  /** Keeps the problem that the value of `key` breaks `rule`. */
  public refuse(key: string, rule: string, wayOut: string): void {
    this.wrong(this.at(key), rule, this.fields[key], wayOut);
  }

  /** All properties as they are, for a reader that comes later. */
  public everything(): Readonly<Record<string, unknown>> {
    for (const key of Object.keys(this.fields)) this.seen.add(key);
    return this.fields;
  }

  /** Keeps a problem for every property that nobody asked for. */
  public refuseTheRest(): void {
    for (const key of Object.keys(this.fields)) {
      if (!this.seen.has(key))
        this.problems.add(`'${this.at(key)}' is not known here; remove it or correct its name`);
    }
  }

  private required(key: string): string | undefined {
    if (this.fields[key] === undefined) {
      this.seen.add(key);
      this.wrong(this.at(key), 'must be given', undefined, 'add it');
      return undefined;
    }
    return this.optionalText(key);
  }

  private checked(
    key: string,
    problemOf: (name: string, what: string) => string | undefined,
  ): string {
    const value = this.required(key);
    const problem = value === undefined ? undefined : problemOf(value, this.at(key));
    if (problem !== undefined) this.problems.add(problem);
    return value ?? '';
  }

  private nested<Item>(value: unknown, path: string, read: (reader: Reader) => Item): Item {
    const reader = new Reader(value, path, this.problems);
    const item = read(reader);
    reader.refuseTheRest();
    return item;
  }

  private take(key: string): unknown {
    this.seen.add(key);
    return this.fields[key];
  }

  private at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  private wrong(what: string, rule: string, value: unknown, wayOut: string): void {
    const key = what.slice(what.lastIndexOf('.') + 1);
    this.problems.add(`'${what}' ${rule}, got ${shown(value, key)}; ${wayOut}`);
  }
}
