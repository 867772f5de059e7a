import { PontoonError } from '../postgres';
import type { ResourceContext, ResourceEvent, ResourceHandler } from './resource';

/**
 * A request as CloudFormation sends it.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export interface CloudFormationEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly ResourceType: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
  readonly OldResourceProperties?: Readonly<Record<string, unknown>>;
}

/** Marks what a failed Create leaves behind: nothing, so that its Delete does nothing. */
const FAILED_CREATE = 'failed/';

/** CloudFormation reads no more than 4096 bytes of an answer; the rest is for the other fields. */
const MOST_REASON_BYTES = 2500;

/** Answers `event` to CloudFormation, whatever happens. Throws only if the answer cannot be delivered. */
export async function answerCloudFormation(
  event: CloudFormationEvent,
  handlers: Readonly<Record<string, ResourceHandler>>,
  context: ResourceContext,
): Promise<void> {
  const answer = await decide(event, handlers, context);
  context.log(
    `${event.RequestType} ${event.LogicalResourceId}: ${answer.Status}${answer.Reason === undefined ? '' : `, ${answer.Reason}`}`,
  );
  await deliver(event.ResponseURL, {
    ...answer,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  });
}

interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly PhysicalResourceId: string;
  readonly Reason?: string;
  readonly Data?: Readonly<Record<string, string>>;
}

async function decide(
  event: CloudFormationEvent,
  handlers: Readonly<Record<string, ResourceHandler>>,
  context: ResourceContext,
): Promise<Answer> {
  const known = event.PhysicalResourceId;
  if (event.RequestType === 'Delete' && known?.startsWith(FAILED_CREATE) === true) {
    return { Status: 'SUCCESS', PhysicalResourceId: known };
  }
  try {
    const { physicalResourceId, data } = await handlerOf(event, handlers)(
      resourceEvent(event),
      context,
    );
    return { Status: 'SUCCESS', PhysicalResourceId: physicalResourceId, Data: data };
  } catch (error) {
    const physicalId = known ?? `${FAILED_CREATE}${event.RequestId}`;
    return { Status: 'FAILED', PhysicalResourceId: physicalId, Reason: reasonOf(error) };
  }
}

function handlerOf(
  { ResourceType }: CloudFormationEvent,
  handlers: Readonly<Record<string, ResourceHandler>>,
): ResourceHandler {
  const found = handlers[ResourceType];
  if (found !== undefined) return found;
  throw new PontoonError(
    'UNKNOWN_RESOURCE',
    `a resource's type must be one of ${Object.keys(handlers).join(', ')}, got ${ResourceType}; deploy the function and the resource with one version of pontoon`,
  );
}

function resourceEvent(event: CloudFormationEvent): ResourceEvent {
  const {
    ServiceToken: _token,
    ServiceTimeout: _timeout,
    ...properties
  } = event.ResourceProperties;
  return {
    requestType: event.RequestType,
    properties,
    owner: `${event.StackId}/${event.LogicalResourceId}`,
    requestId: event.RequestId,
    ...(event.PhysicalResourceId === undefined
      ? {}
      : { physicalResourceId: event.PhysicalResourceId }),
    ...(event.OldResourceProperties === undefined
      ? {}
      : { oldProperties: withoutToken(event.OldResourceProperties) }),
  };
}

function withoutToken(
  properties: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { ServiceToken: _token, ServiceTimeout: _timeout, ...rest } = properties;
  return rest;
}

/** Errors of our own say all that is to be known; of others only the message, never their fields. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const bytes = Buffer.from(message, 'utf8');
  if (bytes.length <= MOST_REASON_BYTES) return message;
  return `${bytes
    .subarray(0, MOST_REASON_BYTES)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}

async function deliver(url: string, answer: object): Promise<void> {
  const response = await fetch(url, {
    method: 'PUT',
    // The URL is signed for an empty content type.
    headers: { 'content-type': '' },
    body: JSON.stringify(answer),
  });
  if (response.ok) return;
  throw new PontoonError(
    'NOT_DELIVERED',
    `the answer to CloudFormation must be taken, got HTTP ${response.status}; check that the function's subnets reach Amazon S3`,
  );
}
