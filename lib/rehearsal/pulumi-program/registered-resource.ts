/** A resource as a Pulumi program registered it. */
export interface RegisteredResource {
  readonly urn: string;
  /** Its type token, such as `oci:Core/vcn:Vcn`. */
  readonly type: string;
  readonly name: string;
  /** Whether a provider makes it; a component only holds others together. */
  readonly custom: boolean;
  /** The URN of its parent; the stack itself has none. */
  readonly parent?: string;
  /** The URN of the provider that makes it, where the program names one. */
  readonly provider?: string;
  /** Its inputs. What is kept secret stands as `{"secret": …}`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The URNs of what it is made after. */
  readonly dependencies: readonly string[];
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly string[];
  /** What a component says of itself. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** A secret among the inputs of a resource. */
export interface MarkedSecret {
  readonly secret: unknown;
}
