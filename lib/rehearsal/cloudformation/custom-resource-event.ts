import { isRecord, isScalar, type PlainRecord } from '../assembly';

/** What happened to a custom resource, as CloudFormation names it. */
export type RequestType = 'Create' | 'Update' | 'Delete';

/** The event that CloudFormation sends to the function of a custom resource. */
export interface CustomResourceEvent {
  readonly RequestType: RequestType;
  /** ARN (or topic) to which CloudFormation sends the event. */
  readonly ServiceToken: string;
  /** Where the answer is PUT. */
  readonly ResponseURL: string;
  readonly StackId: string;
  /** The same for each delivery of one request. */
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  /** Given for Update and Delete. */
  readonly PhysicalResourceId?: string;
  readonly ResourceType: string;
  /** Every scalar is a string. */
  readonly ResourceProperties: PlainRecord;
  /** Given for Update. */
  readonly OldResourceProperties?: PlainRecord;
}

/** Turns every number and boolean into a string, at any depth, as CloudFormation does. */
export function stringifyScalars(properties: PlainRecord): PlainRecord {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, stringified(value)]),
  );
}

function stringified(value: unknown): unknown {
  if (isScalar(value)) return String(value);
  if (Array.isArray(value)) return value.map(stringified);
  return isRecord(value) ? stringifyScalars(value) : value;
}
