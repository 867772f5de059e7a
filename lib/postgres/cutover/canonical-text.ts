const LEXEMES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\d[\d.]*|\S/gu;

/** What stands between two brackets, or a single lexeme. */
type Item = string | { readonly open: string; readonly items: readonly Item[] };

/** The strings, names, numbers and signs of a text that a server wrote. */
export function lexemes(text: string): readonly string[] {
  return text.match(LEXEMES) ?? [];
}

/**
 * What a text that a server wrote of an expression becomes where it is restored from that text: the parser casts the
 * elements of an array instead of the whole, and makes one list of conditions that hold conditions of their kind. The
 * first is what `IN` leaves of a `varchar`, the second what `BETWEEN` leaves within other conditions.
 */
export function restoredText(text: string): string {
  const left = [...lexemes(text)];
  return written(restored(nested(left)));
}

/** Takes from `left` what belongs together, up to the bracket that ends it. */
function nested(left: string[]): readonly Item[] {
  const items: Item[] = [];
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    if (next === ')' || next === ']') break;
    items.push(next === '(' || next === '[' ? { open: next, items: nested(left) } : next);
  }
  return items;
}

function written(items: readonly Item[]): string {
  return items
    .map((item) =>
      typeof item === 'string'
        ? item
        : `${item.open} ${written(item.items)} ${item.open === '(' ? ')' : ']'}`,
    )
    .join(' ');
}

function restored(items: readonly Item[]): readonly Item[] {
  const inner = items.map((item) =>
    typeof item === 'string' ? item : { ...item, items: restored(item.items) },
  );
  const word = ['AND', 'OR'].find((one) => inner.includes(one));
  if (word === undefined) return withCastElements(inner);
  return withCastElements(
    inner.flatMap((item) =>
      typeof item !== 'string' && item.items.includes(word) ? item.items : [item],
    ),
  );
}

/** `(ARRAY[a, b])::type[]` as `ARRAY[(a)::type, (b)::type]`. */
function withCastElements(items: readonly Item[]): readonly Item[] {
  for (const [at, item] of items.entries()) {
    const elements = elementsOf(item);
    if (elements === undefined || items[at + 1] !== ':' || items[at + 2] !== ':') continue;
    const length = items.slice(at + 3).findIndex((one) => !belongsToType(one));
    const end = items[at + 3 + length];
    if (length < 1 || typeof end !== 'object' || end.open !== '[' || end.items.length > 0) continue;
    const cast = items.slice(at + 1, at + 3 + length);
    const array = { open: '[', items: castEach(elements, cast) };
    const rest = withCastElements(items.slice(at + 4 + length));
    return [...items.slice(0, at), 'ARRAY', array, ...rest];
  }
  return items;
}

/** The elements of `(ARRAY[a, b])`. */
function elementsOf(item: Item): readonly Item[] | undefined {
  if (typeof item === 'string' || item.items[0] !== 'ARRAY') return undefined;
  const [, array, ...more] = item.items;
  return typeof array === 'object' && array.open === '[' && more.length === 0
    ? array.items
    : undefined;
}

function belongsToType(item: Item): boolean {
  return typeof item === 'object' ? item.open === '(' : /^["\p{L}_.]/u.test(item);
}

function castEach(elements: readonly Item[], cast: readonly Item[]): readonly Item[] {
  const at = elements.indexOf(',');
  if (at === -1) return [{ open: '(', items: elements }, ...cast];
  return [
    { open: '(', items: elements.slice(0, at) },
    ...cast,
    ',',
    ...castEach(elements.slice(at + 1), cast),
  ];
}
