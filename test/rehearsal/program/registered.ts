import type { RegisteredResource } from '../../../lib/rehearsal/pulumi-program';

/** A resource as a program registers it, with what a test says of it. */
export function registered(given: Partial<RegisteredResource>): RegisteredResource {
  return {
    urn: given.name ?? '',
    type: 'test:index:Thing',
    name: '',
    custom: true,
    inputs: {},
    dependencies: [],
    protect: false,
    retainOnDelete: false,
    ignoreChanges: [],
    replaceOnChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    ...given,
  };
}
