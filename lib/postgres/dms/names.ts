import { nameProblem } from '../identifiers';

// DMS documents `[_]` as the only literal wildcard; for `%` and brackets there is no documented way to write them.
const UNWRITABLE = /[%[\]]/;

// The user guide refuses "special characters (e.g. #, \, /, -)" and right-to-left scripts in transformed and
// filtered columns, without a full list; so only what cannot be meant by either passes.
const PLAIN_COLUMN = /^[\p{L}\p{N}\p{M}_]+$/u;
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** `name` as a pattern of DMS that matches nothing else. */
export function literalPattern(name: string): string {
  return name.replaceAll('_', '[_]');
}

/** Says why DMS cannot select the schema or table `name`, or undefined if it can. */
export function selectableProblem(name: string, what: string): string | undefined {
  if (!UNWRITABLE.test(name)) return undefined;
  return `'${what}' cannot contain '%', '[' or ']' in a DMS mapping, where they are wildcards that cannot be escaped, got ${JSON.stringify(name)}; rename it or use a NATIVE link`;
}

/** Says why DMS can neither transform nor filter the column `name`, or undefined if it can. */
export function columnProblem(name: string, what: string): string | undefined {
  const problem = nameProblem(name, what);
  if (problem !== undefined) return problem;
  if (PLAIN_COLUMN.test(name) && !RIGHT_TO_LEFT.test(name)) return undefined;
  return `'${what}' must consist of left-to-right letters, digits and underscores for DMS to filter or transform it, got ${JSON.stringify(name)}; rename the column or leave it out of the mapping`;
}
