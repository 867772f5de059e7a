import type { MockCallArgs, MockResourceArgs, MockResourceResult } from '@pulumi/pulumi/runtime';

/** What a provider would say of a new resource: an id, its inputs, and what the cloud adds. */
export function resourceState({
  type,
  name,
  inputs,
  custom,
  id,
}: MockResourceArgs): MockResourceResult {
  if (custom === false) return { id: undefined, state: inputs };
  return { id: id || ocid(type, name), state: { ...inputs, ...ADDED[type]?.(name, inputs) } };
}

type Inputs = MockResourceArgs['inputs'];

/** The outputs of each type that our programs read and no input says. */
const ADDED: Readonly<Record<string, (name: string, inputs: Inputs) => Inputs>> = {};

/** What a provider would answer to a question of a program. */
export function callAnswer({ token }: MockCallArgs): MockCallArgs['inputs'] {
  throw new Error(`'${token}' must have an answer here, got none; add it`);
}

function ocid(type: string, name: string): string {
  const kind = type.split(':').at(-1)?.toLowerCase() ?? 'resource';
  return `ocid1.${kind}.oc1..${name}`;
}
