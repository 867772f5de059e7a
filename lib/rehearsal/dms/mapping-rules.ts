import { Problems } from '../../postgres';
import { isJsonObject, type JsonObject, readJsonObject } from './json-reader';
import {
  type ColumnFilter,
  FILTER_OPERATORS,
  type FilterCondition,
  type Locator,
  type MappingRules,
  RENAMING,
  type SelectionRule,
  type TableSettingsRule,
  type TransformationRule,
} from './mapping-rule';
import type { LobMode } from './task-settings';

/** Reads the table mappings of a task. Throws a ValidationError with everything wrong. */
export function readMappingRules(value: unknown): MappingRules {
  const problems = new Problems();
  const { rules } = readJsonObject(value, 'tableMappings', problems);
  const found = new RuleReader(problems);
  if (Array.isArray(rules)) for (const rule of rules) found.read(rule);
  else problems.add("'tableMappings.rules' must be a list of rules; give at least one selection");
  problems.addIf(
    Array.isArray(rules) && !found.selections.some(({ action }) => action !== 'exclude'),
    "'tableMappings.rules' must include a table, got no selection rule that does; add a selection rule",
  );
  problems.throwIfAny('DMS table mappings');
  return found;
}

class RuleReader implements MappingRules {
  public readonly selections: SelectionRule[] = [];
  public readonly transformations: TransformationRule[] = [];
  public readonly tableSettings: TableSettingsRule[] = [];
  private readonly ids = new Set<string>();

  constructor(private readonly problems: Problems) {}

  public read(rule: unknown): void {
    if (!isJsonObject(rule)) {
      this.problems.add(`a mapping rule must be an object, got ${JSON.stringify(rule)}; remove it`);
      return;
    }
    const id = text(rule['rule-id']);
    this.check(
      /^\d+$/.test(id),
      `rule-id must be a number, got ${JSON.stringify(rule['rule-id'])}; number the rules`,
    );
    this.check(!this.ids.has(id), `rule-id must be unique, got ${id} twice; number the rules`);
    this.ids.add(id);
    const type = rule['rule-type'];
    if (type === 'selection') this.readSelection(id, rule);
    else if (type === 'transformation') this.readTransformation(id, rule);
    else if (type === 'table-settings') this.readTableSettings(id, rule);
    else
      this.refuse(
        id,
        `rule-type must be selection, transformation or table-settings, got ${JSON.stringify(type)}`,
      );
  }

  private readSelection(id: string, rule: JsonObject): void {
    const action = oneOf(rule['rule-action'], ['include', 'exclude', 'explicit'] as const);
    const locator = this.locator(id, rule);
    if (action === undefined || locator === undefined) {
      if (action === undefined)
        this.refuse(
          id,
          `rule-action must be include, exclude or explicit, got ${JSON.stringify(rule['rule-action'])}`,
        );
      return;
    }
    const tableType = object(rule['object-locator'])['table-type'] ?? 'table';
    if (tableType !== 'table')
      this.refuse(
        id,
        `table-type must be table, got ${JSON.stringify(tableType)}; the DMS stand-in does not reproduce views`,
      );
    const filters = list(rule.filters).flatMap((filter) => this.filter(id, filter) ?? []);
    const wildcard = hasWildcard(locator);
    if (action === 'explicit' && wildcard)
      this.refuse(id, 'an explicit selection cannot contain wildcards');
    if (filters.length > 0 && (wildcard || action !== 'include'))
      this.refuse(id, 'filters require an include of one table by its exact name');
    this.selections.push({ id, action, locator, filters });
  }

  private filter(id: string, value: unknown): ColumnFilter | undefined {
    const filter = object(value);
    const column = text(filter['column-name']);
    const conditions = list(filter['filter-conditions']).flatMap(
      (condition) => this.condition(id, object(condition)) ?? [],
    );
    // The guide's editions differ: either it is forbidden, or every row with a value passes.
    if (conditions.length > 1 && conditions.some(({ operator }) => operator.startsWith('not')))
      this.refuse(
        id,
        `a filter with a negative operator must have one condition, got ${conditions.length} on ${JSON.stringify(column)}; give each a filter of its own`,
      );
    if ((filter['filter-type'] ?? 'source') === 'source' && column !== '' && conditions.length > 0)
      return { column, conditions };
    this.refuse(id, 'a filter requires filter-type source, column-name and filter-conditions');
    return undefined;
  }

  private condition(id: string, condition: JsonObject): FilterCondition | undefined {
    const operator = oneOf(condition['filter-operator'], FILTER_OPERATORS);
    if (operator === undefined) {
      this.refuse(
        id,
        `filter-operator must be one of ${FILTER_OPERATORS.join(', ')}, got ${JSON.stringify(condition['filter-operator'])}`,
      );
      return undefined;
    }
    const keys = operator.endsWith('between')
      ? ['start-value', 'end-value']
      : operator.endsWith('null')
        ? []
        : ['value'];
    const missing = keys.filter((key) => condition[key] === undefined);
    if (missing.length > 0)
      this.refuse(id, `filter-operator ${operator} requires ${missing.join(' and ')}`);
    return { operator, values: keys.map((key) => text(condition[key])) };
  }

  private readTransformation(id: string, rule: JsonObject): void {
    const target = oneOf(rule['rule-target'], ['schema', 'table', 'column'] as const);
    const action = oneOf(rule['rule-action'], [
      ...RENAMING,
      'remove-column',
      'include-column',
    ] as const);
    const locator = this.locator(id, rule);
    if (target === undefined)
      this.refuse(
        id,
        `rule-target must be schema, table or column, got ${JSON.stringify(rule['rule-target'])}; the DMS stand-in does not reproduce others`,
      );
    if (action === undefined)
      this.refuse(
        id,
        `the DMS stand-in does not reproduce the rule-action ${JSON.stringify(rule['rule-action'])}`,
      );
    if (target === undefined || action === undefined || locator === undefined) return;
    if (action.endsWith('-column') && target !== 'column')
      this.refuse(id, `rule-action ${action} requires rule-target column`);
    if (target === 'column' && locator.column === undefined)
      this.refuse(id, 'rule-target column requires column-name in object-locator');
    const oldValue = text(rule['old-value']);
    if (action.startsWith('replace-') && oldValue === '')
      this.refuse(id, `rule-action ${action} requires old-value`);
    const value = text(rule.value);
    if (/^(rename|add-|remove-prefix|remove-suffix)/.test(action) && value === '')
      this.refuse(id, `rule-action ${action} requires value`);
    this.transformations.push({ id, target, action, locator, value, oldValue });
  }

  private readTableSettings(id: string, rule: JsonObject): void {
    const locator = this.locator(id, rule);
    if (locator === undefined) return;
    if (hasWildcard(locator)) this.refuse(id, 'table-settings cannot contain wildcards');
    const lob = rule['lob-settings'];
    this.tableSettings.push({
      id,
      locator,
      lobs: lob === undefined ? undefined : this.lobs(id, object(lob)),
    });
  }

  private lobs(id: string, lob: JsonObject): LobMode | undefined {
    const mode = oneOf(lob.mode, ['limited', 'unlimited', 'none'] as const);
    if (mode === 'unlimited' || mode === 'none') return { mode };
    const size = Number(lob['bulk-max-size'] ?? 32);
    if (mode === 'limited' && Number.isInteger(size) && size >= 1)
      return { mode, bytes: size * 1024 };
    this.refuse(
      id,
      'lob-settings requires mode limited (with bulk-max-size in KB), unlimited or none',
    );
    return undefined;
  }

  private locator(id: string, rule: JsonObject): Locator | undefined {
    const locator = object(rule['object-locator']);
    const schema = text(locator['schema-name']);
    const isSchemaRule = rule['rule-target'] === 'schema';
    const table = text(locator['table-name']) || (isSchemaRule ? '%' : '');
    if (schema === '' || table === '') {
      this.refuse(id, 'object-locator requires schema-name and table-name');
      return undefined;
    }
    const column = text(locator['column-name']);
    return column === '' ? { schema, table } : { schema, table, column };
  }

  private refuse(id: string, why: string): void {
    this.problems.add(`mapping rule ${id}: ${why}`);
  }

  private check(condition: boolean, problem: string): void {
    this.problems.addIf(!condition, `mapping ${problem}`);
  }
}

function hasWildcard({ schema, table }: Locator): boolean {
  return schema.includes('%') || table.includes('%');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function oneOf<Choice extends string>(
  value: unknown,
  choices: readonly Choice[],
): Choice | undefined {
  return choices.find((choice) => choice === value);
}
