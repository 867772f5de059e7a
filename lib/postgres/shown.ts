/** Properties that hold a login, or name one: somebody who misunderstood them wrote the login itself. */
const SECRET_KEY = /secret|passw|pwd/i;

/** `value`, which somebody gave for the property `key`, as a message may show it: as JSON, and never a password. */
export function shown(value: unknown, key = ''): string {
  if (value === undefined) return 'nothing';
  if (SECRET_KEY.test(key)) return 'a value that is not shown';
  return JSON.stringify(value, (name, item: unknown) => {
    if (SECRET_KEY.test(name)) return '***';
    return typeof item === 'string' ? withoutPassword(item) : item;
  });
}

/** Connection strings carry their password along, and files of certificates their key. */
function withoutPassword(text: string): string {
  return text
    .replace(/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*/, '$1***')
    .replaceAll(/(\w+:\/\/[^\s:/@]*):\S*@/g, '$1:***@')
    .replaceAll(/(passw\w*|pwd)(\s*[=:]\s*)("[^"]*"|'(?:[^'\\]|\\.)*'|[^\s&]+)/gi, '$1$2***');
}
