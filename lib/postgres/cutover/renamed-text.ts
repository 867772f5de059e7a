import { lexemes, restoredText } from './canonical-text';

/** What things are called there, by what they are called here. Names that stay are not in it, or have themselves. */
export type Renames = ReadonlyMap<string, ReadonlySet<string>>;

/** Whether a text of the target says what a text of the source says; `unclear` where a renamed name stands unchanged. */
export type Likeness = 'same' | 'unclear' | 'different';

interface Token {
  readonly kind: 'name' | 'string' | 'sign';
  readonly text: string;
}

const IS_NAME = /^[\p{L}_]/u;

/** Compares two texts that servers wrote of expressions, indexes or constraints, name by name. */
export function likeness(here: string, there: string, renames: Renames): Likeness {
  return likenessOf(parts(here), parts(there), renames);
}

function parts(text: string): readonly Token[] {
  return withoutIndexName(tokens(restoredText(text)));
}

/** The last part of a qualified name. */
export function lastName(qualified: string): string {
  return tokens(qualified).at(-1)?.text ?? '';
}

function likenessOf(here: readonly Token[], there: readonly Token[], renames: Renames): Likeness {
  if (here.length !== there.length) return 'different';
  const found = here.map((token, index) =>
    likenessOfToken(token, there[index] ?? token, {
      renames,
      namesRelation: isRegclass(here, index) && isRegclass(there, index),
    }),
  );
  if (found.includes('different')) return 'different';
  return found.includes('unclear') ? 'unclear' : 'same';
}

function likenessOfToken(
  here: Token,
  there: Token,
  { renames, namesRelation }: { readonly renames: Renames; readonly namesRelation: boolean },
): Likeness {
  if (here.kind !== there.kind) return 'different';
  if (here.kind === 'string' && namesRelation)
    return likenessOf(tokens(unquoted(here.text)), tokens(unquoted(there.text)), renames);
  const allowed = here.kind === 'name' ? renames.get(here.text) : undefined;
  if (allowed?.has(there.text) === true) return 'same';
  if (here.text !== there.text) return 'different';
  return allowed === undefined ? 'same' : 'unclear';
}

function tokens(text: string): readonly Token[] {
  return lexemes(text).map((found) => {
    if (found.startsWith('"') && found.length > 1) return { kind: 'name', text: unquoted(found) };
    if (found.startsWith("'")) return { kind: 'string', text: found };
    return { kind: IS_NAME.test(found) ? 'name' : 'sign', text: found };
  });
}

/** Renaming a table leaves the names of its indexes, which a table that was made anew has others of. */
function withoutIndexName(found: readonly Token[]): readonly Token[] {
  if (found[0]?.text !== 'CREATE') return found;
  const at = found.findIndex(({ text }) => text === 'INDEX');
  return at === -1 ? found : found.filter((_, index) => index !== at + 1);
}

/** The name of a relation is written as a string, such as that of the sequence of a default. */
function isRegclass(found: readonly Token[], index: number): boolean {
  return found[index + 1]?.text === ':' && found[index + 3]?.text === 'regclass';
}

function unquoted(text: string): string {
  const quote = text.slice(0, 1);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
