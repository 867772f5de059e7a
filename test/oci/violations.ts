import { replicationPolicies } from '../../lib/oci';
import type { RegisteredResource } from '../../lib/rehearsal/pulumi-program';
import { registered } from './programs';

/** What the policy pack would say of these resources: policy, name of the resource, message. */
export function violations(resources: readonly RegisteredResource[]): string[][] {
  return resources.flatMap(({ type, urn, name, inputs, protect }) =>
    replicationPolicies.flatMap((policy) => {
      const found: string[][] = [];
      const props = readable(inputs) as Record<string, unknown>;
      policy.validateResource({ type, urn, props, opts: { protect } }, (message) =>
        found.push([policy.name, name, message]),
      );
      return found;
    }),
  );
}

/** What the policy pack would say of what a program registers: policy and message. */
export async function said(program: () => unknown): Promise<string[]> {
  return violations(await registered(program)).map(
    ([policy, , message]) => `${policy}: ${message}`,
  );
}

/** A policy is shown secrets as they are. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === 'secret') return readable(only[1]);
  return Object.fromEntries(entries.map(([key, item]) => [key, readable(item)]));
}
