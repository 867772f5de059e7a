import type { QualifiedName } from '../../postgres';
import type { Locator, MappingRules, SelectionRule } from './mapping-rule';

/** Whether `name` matches `pattern`: `%` stands for any text, `_` for a character, `[ab]` for one of a set. */
export function matches(pattern: string, name: string): boolean {
  const parts = (pattern.match(/\[[^\]]+\]|./gsu) ?? []).map((part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    if (part.startsWith('[') && part.endsWith(']') && part.length > 2) return part;
    return part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su').test(name);
}

/** Whether `table` matches the patterns of `locator`. */
export function locates(locator: Locator, table: QualifiedName): boolean {
  return matches(locator.schema, table.schema) && matches(locator.table, table.name);
}

/** Whether `rule` names `table`; explicit rules hold names, not patterns. */
export function selectsTable({ action, locator }: SelectionRule, table: QualifiedName): boolean {
  return action === 'explicit' ? names(locator, table) : locates(locator, table);
}

/** Whether `locator` holds the very name of `table`. */
export function names(locator: Locator, table: QualifiedName): boolean {
  return locator.schema === table.schema && locator.table === table.name;
}

/** Whether the rules take `table` in. */
export function isSelected(table: QualifiedName, { selections }: MappingRules): boolean {
  const hits = selections.filter((rule) => selectsTable(rule, table));
  return hits.length > 0 && !hits.some(({ action }) => action === 'exclude');
}

/** Whether `locator` is one of columns and matches `column`. */
export function columnMatches(locator: Locator, column: string): boolean {
  return locator.column !== undefined && matches(locator.column, column);
}
