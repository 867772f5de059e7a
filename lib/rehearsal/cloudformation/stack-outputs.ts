import { isDeepStrictEqual } from 'node:util';
import { PontoonError } from '../../postgres';
import type { Evaluator } from '../assembly';
import type { StackState } from './stack-state';

/** Evaluates the outputs of a stack whose resources are all there, and those of them that are exported. */
export function stackOutputs(evaluator: Evaluator): Pick<StackState, 'outputs' | 'exports'> {
  const outputs = new Map<string, unknown>();
  const exports = new Map<string, unknown>();
  for (const [name, output] of evaluator.scope.template.outputs) {
    const at = `Outputs.${name}`;
    if (output.condition !== undefined && !evaluator.condition(output.condition, at)) continue;
    const value = evaluator.evaluate(output.value, `${at}.Value`);
    outputs.set(name, value);
    if (output.exportName === undefined) continue;
    exports.set(String(evaluator.evaluate(output.exportName, `${at}.Export.Name`)), value);
  }
  return { outputs, exports };
}

/**
 * Refuses to change or remove an export that another stack uses, as CloudFormation does.
 *
 * @throws PontoonError
 */
export function requireUsedExports(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  usersOf: (exportName: string) => readonly string[],
): void {
  for (const [name, value] of before) {
    const users = isDeepStrictEqual(after.get(name), value) ? [] : usersOf(name);
    if (users.length === 0) continue;
    throw new PontoonError(
      'STACK',
      `export "${name}" cannot be changed or removed while it is used by ${users.join(', ')}; change what uses it first`,
    );
  }
}
