import { setTimeout as delay } from 'node:timers/promises';
import { PontoonError } from '../postgres';
import {
  ANSWER_MS,
  type ResourceContext,
  type ResourceEvent,
  type ResourceHandler,
} from './resource';

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

/** Marks what a failed Create could not take away again, so that its Delete tries. */
const LEFT_BEHIND = 'left/';

/** CloudFormation reads no more than 4096 bytes of an answer; the rest is for the other fields. */
const MOST_REASON_BYTES = 2500;

/** Answers `event` to CloudFormation, whatever happens. Throws only if the answer cannot be delivered. */
export async function answerCloudFormation(
  event: CloudFormationEvent,
  handlers: Readonly<Record<string, ResourceHandler>>,
  context: ResourceContext,
): Promise<void> {
  const answer = await decide(event, handlers, withServiceTimeout(event, context));
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

/** CloudFormation waits for as long as the resource says, which may be less than the function may run. */
function withServiceTimeout(
  { ResourceProperties }: CloudFormationEvent,
  context: ResourceContext,
): ResourceContext {
  const seconds = Number(ResourceProperties.ServiceTimeout);
  if (!Number.isFinite(seconds)) return context;
  const ends = performance.now() + seconds * 1000;
  return {
    remainingMs: () => Math.min(context.remainingMs(), ends - performance.now()),
    log: (line) => context.log(line),
  };
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
    const { physicalResourceId, data } = await inTime(
      handlerOf(event, handlers)(resourceEvent(event), context),
      context,
    );
    return { Status: 'SUCCESS', PhysicalResourceId: physicalResourceId, Data: data };
  } catch (error) {
    const left = error instanceof PontoonError && MAY_LEAVE.includes(error.code);
    const physicalId = known ?? `${left ? LEFT_BEHIND : FAILED_CREATE}${event.RequestId}`;
    return { Status: 'FAILED', PhysicalResourceId: physicalId, Reason: reasonOf(error) };
  }
}

/** The codes of errors after which something may be there that a Delete has to take away. */
const MAY_LEAVE = ['LEFT_BEHIND', 'UNFINISHED'];

/**
 * Everything has a limit of its own; this one is for what has none that holds, such as a secret that cannot be reached.
 * A function that is stopped before it answers costs CloudFormation's whole patience.
 */
async function inTime<Result>(work: Promise<Result>, context: ResourceContext): Promise<Result> {
  const limitMs = Math.max(0, context.remainingMs() - ANSWER_MS);
  const settled = new AbortController();
  const timer = delay(limitMs, undefined, { signal: settled.signal }).then(
    () => {
      throw new PontoonError(
        'UNFINISHED',
        `the request must be done within ${Math.round(limitMs / 1000)} s, got no end; check that the function's subnets reach the database, AWS Secrets Manager and the other services that it asks, and deploy again`,
      );
    },
    () => work,
  );
  try {
    return await Promise.race([work, timer]);
  } finally {
    settled.abort();
  }
}

function handlerOf(
  { ResourceType }: CloudFormationEvent,
  handlers: Readonly<Record<string, ResourceHandler>>,
): ResourceHandler {
  const found = Object.hasOwn(handlers, ResourceType) ? handlers[ResourceType] : undefined;
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

/** Only the message of an error is told, never its fields, and no more of it than fits. */
function reasonOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown };
  const characters = [...(typeof message === 'string' ? message : String(error))];
  if (escapedBytes(characters) <= MOST_REASON_BYTES) return characters.join('');
  let kept = Math.min(characters.length, MOST_REASON_BYTES);
  while (escapedBytes(characters.slice(0, kept)) > MOST_REASON_BYTES) kept -= 50;
  return `${characters.slice(0, kept).join('')}…`;
}

/** Quotes and line ends take two bytes and more inside of JSON. */
function escapedBytes(characters: readonly string[]): number {
  return Buffer.byteLength(JSON.stringify(characters.join('')));
}

/** An answer that is lost costs an hour, so that it is sent again at once, and Lambda's own retries come after that. */
async function deliver(url: string, answer: object): Promise<void> {
  const first = await put(url, answer).catch(() => undefined);
  // Amazon S3 asks for another try by 5xx; what it refuses, it would refuse again.
  const again = first === undefined || first.status >= 500;
  const response = again ? await put(url, answer) : first;
  if (response.ok) return;
  throw new PontoonError(
    'NOT_DELIVERED',
    `the answer to CloudFormation must be taken, got HTTP ${response.status}; check that the function's subnets reach Amazon S3`,
  );
}

/** Two tries fit into the time that is kept for the answer. */
const ANSWER_TIMEOUT_MS = 0.4 * ANSWER_MS;

async function put(url: string, answer: object): Promise<Response> {
  return await fetch(url, {
    method: 'PUT',
    // The URL is signed for an empty content type.
    headers: { 'content-type': '' },
    body: JSON.stringify(answer),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
}
