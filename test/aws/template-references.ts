/** The logical ids that `value` names by Ref, Fn::GetAtt or Fn::Sub. */
export function referencesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    if (key === 'Ref' && typeof child === 'string') return [child];
    if (key === 'Fn::GetAtt')
      return [String(Array.isArray(child) ? child[0] : child).split('.')[0]];
    if (key === 'Fn::Sub') return namesIn(child);
    return referencesOf(child);
  }) as string[];
}

function namesIn(sub: unknown): string[] {
  const text = JSON.stringify(sub);
  return [...text.matchAll(/\$\{([A-Za-z0-9]+)/g)].map(([, name = '']) => name);
}
