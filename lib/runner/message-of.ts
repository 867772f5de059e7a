/** What `error` says. A host with several addresses fails with one error for each of them and no message of its own. */
export function messageOf(error: unknown): string {
  const several = fieldOf(error, 'errors');
  if (Array.isArray(several)) return several.map(messageOf).join(', ');
  const message = fieldOf(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

/** By its fields, since errors of Node.js itself are no instances of this realm's Error in a sandbox. */
export function fieldOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}
