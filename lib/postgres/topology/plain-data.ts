import type { Problems } from '../errors';

/**
 * Keeps a problem for every value in `data` that is no plain data. CDK tokens and Pulumi Outputs look like texts and
 * numbers but stand for something that is known only at deployment.
 */
export function checkPlainData(data: unknown, path: string, problems: Problems): void {
  const deferred = deferredKind(data);
  if (deferred !== undefined) {
    problems.add(
      `'${path}' must be known while the program runs, got ${deferred}; write the plain value, and give addresses and secrets as bindings`,
    );
  } else if (Array.isArray(data)) {
    for (const [index, item] of data.entries()) checkPlainData(item, `${path}[${index}]`, problems);
  } else if (typeof data === 'object' && data !== null) {
    for (const [key, value] of Object.entries(data))
      checkPlainData(value, path === '' ? key : `${path}.${key}`, problems);
  }
}

/** Encoded number tokens of the CDK are huge negative numbers near this one. */
const NUMBER_TOKEN_CEILING = -1e280;

function deferredKind(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (/[$#]\{Token\[/.test(value)) return 'a CDK token';
    return /Calling \[to(String|JSON)\] on an \[Output<T>\]/.test(value)
      ? 'a Pulumi Output'
      : undefined;
  }
  if (typeof value === 'number') return value < NUMBER_TOKEN_CEILING ? 'a CDK token' : undefined;
  if (typeof value === 'function') return isOutput(value) ? 'a Pulumi Output' : 'a function';
  if (typeof value !== 'object' || value === null) return undefined;
  if (isOutput(value)) return 'a Pulumi Output';
  if ('resolve' in value && typeof value.resolve === 'function' && 'creationStack' in value)
    return 'a CDK token';
  // A token that stands for a list is a list of one text.
  if (Array.isArray(value))
    return value.some((item) => typeof item === 'string' && item.startsWith('#{Token['))
      ? 'a CDK token'
      : undefined;
  return Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
    ? undefined
    : `a ${value.constructor?.name ?? 'special'} object`;
}

function isOutput(value: object): boolean {
  return '__pulumiOutput' in value;
}
