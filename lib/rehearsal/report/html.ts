/** Text that is HTML already, so that it is not escaped again. */
export class Html {
  constructor(public readonly text: string) {}
}

type Part = Html | string | number | undefined | readonly (Html | string)[];

/** Builds HTML. Whatever is put in is escaped, unless it is {@link Html} itself; lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  const text = parts.reduce((done, part, index) => `${done}${render(values[index - 1])}${part}`);
  return new Html(text);
}

/** HTML that was written by us and holds nothing of anybody else's. */
export function raw(text: string): Html {
  return new Html(text);
}

function render(value: Part): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
