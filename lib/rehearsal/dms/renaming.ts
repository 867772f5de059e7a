import { type Problems, type QualifiedName, quoteQualified } from '../../postgres';
import type { TransformationRule } from './mapping-rule';

/** What `rules`, of which DMS takes one, make of the name of an object of `table`. */
export function rename(
  rules: readonly TransformationRule[],
  name: string,
  table: QualifiedName,
  problems: Problems,
): string {
  const [rule, second] = rules;
  if (rule === undefined) return name;
  if (second !== undefined) {
    problems.add(
      `mapping rules ${rules.map(({ id }) => id).join(' and ')} cannot both transform ${JSON.stringify(name)} of ${quoteQualified(table)}; DMS takes one transformation for each object, so merge them`,
    );
  }
  return renameOnce(rule, name);
}

function renameOnce({ action, value, oldValue }: TransformationRule, name: string): string {
  switch (action) {
    case 'rename':
      return value;
    case 'convert-lowercase':
      return name.toLowerCase();
    case 'convert-uppercase':
      return name.toUpperCase();
    case 'add-prefix':
      return value + name;
    case 'add-suffix':
      return name + value;
    case 'remove-prefix':
      return name.startsWith(value) ? name.slice(value.length) : name;
    case 'remove-suffix':
      return name.endsWith(value) ? name.slice(0, name.length - value.length) : name;
    case 'replace-prefix':
      return name.startsWith(oldValue) ? value + name.slice(oldValue.length) : name;
    case 'replace-suffix':
      return name.endsWith(oldValue) ? name.slice(0, name.length - oldValue.length) + value : name;
    case 'remove-column':
    case 'include-column':
      return name;
  }
}
