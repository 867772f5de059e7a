import { type Problems, type QualifiedName, quoteQualified } from '../../postgres';
import { LOB_TYPES } from './column-plan';
import { selectsTable } from './locator';
import type { ColumnFilter, MappingRules } from './mapping-rule';

/** The filters of the rule that selects `table`; `types` are those of its columns. */
export function tableFilters(
  table: QualifiedName,
  { selections }: MappingRules,
  types: ReadonlyMap<string, string>,
  problems: Problems,
): readonly ColumnFilter[] {
  const rules = selections.filter((rule) => rule.action !== 'exclude' && selectsTable(rule, table));
  const filters = rules.flatMap((rule) => rule.filters);
  // No guide says whether the rows of all rules travel, or those of the first.
  problems.addIf(
    filters.length > 0 && rules.length > 1,
    `mapping rules ${rules.map(({ id }) => id).join(' and ')} cannot both select ${quoteQualified(table)}, of which one filters rows; keep one of them`,
  );
  checkFilters(filters, types, table, problems);
  return filters;
}

function checkFilters(
  filters: readonly ColumnFilter[],
  types: ReadonlyMap<string, string>,
  table: QualifiedName,
  problems: Problems,
): void {
  for (const { column } of filters) {
    const type = types.get(column);
    const where = `a filter on ${quoteQualified(table)}`;
    if (type === undefined)
      problems.add(
        `${where} must name a column of it, got ${JSON.stringify(column)}; correct column-name`,
      );
    else
      problems.addIf(
        LOB_TYPES.has(type),
        `${where} cannot use ${JSON.stringify(column)}, whose type ${type} is a LOB for DMS; filter on another column`,
      );
  }
}
