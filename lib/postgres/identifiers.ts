import { PontoonError } from './errors';

/** PostgreSQL cuts longer names silently (NAMEDATALEN - 1), so that two long names could become one. */
const MAX_NAME_BYTES = 63;

/** Half of a character: sent as UTF-8 it would silently become another text. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A table or another object inside a schema. */
export interface QualifiedName {
  /** The schema, exactly as the server spells it. */
  readonly schema: string;
  /** The name inside the schema, exactly as the server spells it. */
  readonly name: string;
}

/** Says what is wrong with `name` as a PostgreSQL name, or undefined if nothing is. */
export function nameProblem(name: string, what: string): string | undefined {
  if (name === '') return `'${what}' must not be empty, got ''; give a name`;
  const problem = textProblem(name, what);
  if (problem !== undefined) return problem;
  const bytes = utf8Length(name);
  if (bytes > MAX_NAME_BYTES) {
    return `'${what}' must be at most ${MAX_NAME_BYTES} bytes in UTF-8, got ${bytes} (${JSON.stringify(name)}); shorten it`;
  }
  return undefined;
}

/** Says what is wrong with `name` as a name in pg_hba.conf, or undefined if nothing is. */
export function hbaNameProblem(name: string, what: string): string | undefined {
  const problem = nameProblem(name, what);
  if (problem !== undefined) return problem;
  if (/[\r\n]/.test(name))
    return `'${what}' cannot contain a line break, got ${JSON.stringify(name)}; rename it`;
  if (name.startsWith('/'))
    return `'${what}' cannot start with '/', which PostgreSQL 16 takes for a regular expression, got ${JSON.stringify(name)}; rename it`;
  return undefined;
}

/** Says what is wrong with `text` as a text of PostgreSQL, or undefined if nothing is. */
export function textProblem(text: string, what: string): string | undefined {
  if (text.includes('\0')) {
    return `'${what}' cannot contain a NUL character, got ${JSON.stringify(text)}; remove it`;
  }
  if (LONE_SURROGATE.test(text)) {
    return `'${what}' must be valid Unicode, got half of a surrogate pair (${JSON.stringify(text)}); correct it`;
  }
  return undefined;
}

/** Says what is wrong with `name` as a replication slot's name, or undefined if nothing is. */
export function slotNameProblem(name: string, what: string): string | undefined {
  const problem = nameProblem(name, what);
  if (problem !== undefined) return problem;
  if (/^[a-z0-9_]+$/.test(name)) return undefined;
  return `'${what}' must consist of lower-case letters, digits and underscores, got ${JSON.stringify(name)}; rename the slot`;
}

/** Quotes `name` as an identifier. Always quotes, so that the result never depends on a keyword list. */
export function quoteIdentifier(name: string): string {
  const problem = nameProblem(name, 'name');
  if (problem !== undefined) throw new PontoonError('INVALID_NAME', problem);
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes `schema` and `name`: `"public"."orders"`. */
export function quoteQualified({ schema, name }: QualifiedName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Quotes `text` as a string literal, whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) {
    throw new PontoonError(
      'INVALID_LITERAL',
      'a text for PostgreSQL cannot contain a NUL character; remove it',
    );
  }
  if (LONE_SURROGATE.test(text)) {
    throw new PontoonError(
      'INVALID_LITERAL',
      'a text for PostgreSQL must be valid Unicode, got half of a surrogate pair; correct it',
    );
  }
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** Quotes `value` for a conninfo string, where backslash and single quote are escaped by a backslash. */
export function quoteConninfo(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
