/** A resource as a policy is shown it. What `@pulumi/policy` shows has all of this, and more. */
export interface CheckedResource {
  /** The type token, such as `oci:Psql/dbSystem:DbSystem`. */
  readonly type: string;
  /** The whole URN. */
  readonly urn: string;
  /** The inputs. What is known only after deployment is missing. */
  readonly props: Readonly<Record<string, unknown>>;
  /** How it is registered. */
  readonly opts: {
    /** Whether it can be deleted or replaced at all. */
    readonly protect: boolean;
  };
}

/** Something that every resource of a stack must keep to: a `ResourceValidationPolicy` of `@pulumi/policy`. */
export interface ReplicationPolicy {
  /** Its name, by which a pack configures it. */
  readonly name: string;
  /** What it is for. */
  readonly description: string;
  /** What happens to whoever does not keep to it. */
  readonly enforcementLevel: 'mandatory';
  /** Tells `report` of everything about `resource` that must not be so. */
  readonly validateResource: (resource: CheckedResource, report: (message: string) => void) => void;
}

/** `value` as an object, or one without anything. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** The objects that `value` lists. */
export function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record) : [];
}
