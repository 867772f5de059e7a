import * as pulumi from '@pulumi/pulumi';

/** A name that no other stack takes: dynamic groups share a tenancy, buckets a namespace, metrics a compartment. */
export function uniqueName(name: string): string {
  return `${pulumi.getProject()}-${pulumi.getStack()}-${name}`;
}
