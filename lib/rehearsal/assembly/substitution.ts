/** A piece of an `Fn::Sub` text: literal characters, or the name of a variable. */
export type SubstitutionPart = { readonly literal: string } | { readonly variable: string };

/** Splits the text of an `Fn::Sub`; `${!Name}` is the literal `${Name}`. */
export function parseSubstitution(text: string): readonly SubstitutionPart[] {
  const parts: SubstitutionPart[] = [];
  let end = 0;
  for (const match of text.matchAll(/\$\{(!?)([^{}]*)\}/g)) {
    if (match.index > end) parts.push({ literal: text.slice(end, match.index) });
    const [whole, escaped, name = ''] = match;
    parts.push(escaped === '!' ? { literal: `\${${name}}` } : { variable: name.trim() });
    end = match.index + whole.length;
  }
  if (end < text.length) parts.push({ literal: text.slice(end) });
  return parts;
}

/** Splits `Logical.Attribute.Nested` into the logical id and the attribute; no attribute for a plain name. */
export function splitAttribute(name: string): readonly [string, string | undefined] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}
