/** What CloudFormation asks of a custom resource. */
export interface ResourceEvent {
  /** What happens to the resource. */
  readonly requestType: 'Create' | 'Update' | 'Delete';
  /** The resource's properties; every scalar is a text. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The properties before an Update. */
  readonly oldProperties?: Readonly<Record<string, unknown>>;
  /** What the resource is called since its Create. */
  readonly physicalResourceId?: string;
  /** The stack and the resource in it, which own what is made. */
  readonly owner: string;
  /** The same for every delivery of one request. */
  readonly requestId: string;
}

/** What a resource may use while it works. */
export interface ResourceContext {
  /** Milliseconds until the function is stopped, or CloudFormation waits no longer. */
  remainingMs(): number;
  /** Writes a line into the function's log. Never give it a secret. */
  log(line: string): void;
}

/** Milliseconds that are kept for the answer: whatever is not done by then has failed. */
export const ANSWER_MS = 10_000;

/** What became of the resource. */
export interface ResourceResult {
  /** Identifies the resource; another one than before means that the old one is to be deleted. */
  readonly physicalResourceId: string;
  /** What templates may refer to by Fn::GetAtt. */
  readonly data: Readonly<Record<string, string>>;
}

/** Creates, updates and deletes one type of custom resource. Throws what CloudFormation shall show as the reason. */
export type ResourceHandler = (
  event: ResourceEvent,
  context: ResourceContext,
) => Promise<ResourceResult>;
