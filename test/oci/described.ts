import type { MarkedSecret, RegisteredResource } from '../../lib/rehearsal/pulumi-program';

/** Everything that is registered, under names that are the same on every machine. */
export function described(resources: readonly RegisteredResource[]): Record<string, object> {
  return Object.fromEntries(
    resources.map(({ urn, parent, dependencies, provider, outputs, ...resource }) => [
      shortened(urn),
      {
        ...(parent === undefined ? {} : { parent: shortened(parent) }),
        ...(provider === undefined ? {} : { provider: shortened(provider) }),
        dependencies: dependencies.map(shortened),
        ...Object.fromEntries(Object.entries(resource).filter(([key, value]) => says(key, value))),
        ...(outputs === undefined ? {} : { outputs }),
      },
    ]),
  );
}

/** Where `text` stands among the inputs of all resources and is not marked as a secret. */
export function exposures(resources: readonly RegisteredResource[], text: string): string[] {
  return resources.flatMap(({ urn, inputs, outputs }) =>
    find({ inputs, outputs: outputs ?? {} }, text).map((path) => `${shortened(urn)}${path}`),
  );
}

function find(value: unknown, text: string, path = ''): string[] {
  if (typeof value === 'string') return value.includes(text) ? [path] : [];
  if (typeof value !== 'object' || value === null || isMarked(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => find(item, text, `${path}.${key}`));
}

function isMarked(value: object): value is MarkedSecret {
  return 'secret' in value && Object.keys(value).length === 1;
}

function says(key: string, value: unknown): boolean {
  if (['type', 'name', 'custom'].includes(key)) return false;
  return Array.isArray(value) ? value.length > 0 : value !== false;
}

function shortened(urn: string): string {
  return urn.replace(/^urn:pulumi:[^:]+::[^:]+::/, '').replace(/^.*\$/, '');
}
