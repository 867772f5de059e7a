import { randomUUID } from 'node:crypto';
import { PontoonError } from '../../postgres';
import type { PlainRecord, StackIdentity } from '../assembly';
import { type CustomResourceAnswer, parseAnswer } from './custom-resource-answer';
import type { CustomResourceEvent, RequestType } from './custom-resource-event';
import { ResourceFailure } from './resource-failure';
import type { AwaitedAnswer, ResponseServer } from './response-server';

/**
 * What goes wrong with the delivery of one request.
 * `duplicate`: the event comes a second time right after the first.
 * `lost-response`: the first answer's connection breaks, then the event comes again.
 * `late-duplicate`: the event comes again when {@link CustomResourceCaller.deliverLate} is called.
 */
export type DeliveryFault = 'duplicate' | 'lost-response' | 'late-duplicate';

/** How one invocation of a function ended. */
export interface InvocationOutcome {
  /** Message of what the function threw, or of its time-out; undefined if it returned. */
  readonly error?: string;
}

/** How custom resources are called. */
export interface CallerOptions {
  /** Runs the function of a service token with an event, once. */
  readonly invoke: (serviceToken: string, event: CustomResourceEvent) => Promise<InvocationOutcome>;
  /**
   * How often an event is delivered again after the function failed, as Lambda's asynchronous
   * invocation does.
   * @default 2
   */
  readonly retries?: number;
  /** @default - no faults */
  readonly fault?: (event: CustomResourceEvent) => DeliveryFault | undefined;
}

/** One request to a custom resource. */
export interface CustomResourceCall {
  readonly requestType: RequestType;
  readonly stack: StackIdentity;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: PlainRecord;
  readonly oldProperties?: PlainRecord;
  readonly physicalId?: string;
}

/** Sends events to the functions of custom resources and awaits their answers. */
export class CustomResourceCaller {
  private readonly late: CustomResourceEvent[] = [];
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly server: ResponseServer,
    private readonly options: CallerOptions,
  ) {}

  /**
   * Sends one request and gives the answer.
   *
   * @throws ResourceFailure with the function's own reason, or with why there was no answer.
   */
  public async call(call: CustomResourceCall): Promise<CustomResourceAnswer> {
    const requestId = randomUUID();
    const awaited = this.server.expect([call.stack.stackId, call.logicalId, requestId]);
    const event = eventOf(call, requestId, awaited.url);
    const answer = await this.answer(event, awaited);
    if (answer.status === 'SUCCESS') return answer;
    throw new ResourceFailure(answer.reason, answer.physicalId ?? call.physicalId);
  }

  /** Delivers the events that were held back; their answers are taken and ignored. */
  public async deliverLate(): Promise<readonly CustomResourceEvent[]> {
    const events = this.late.splice(0);
    for (const event of events) await this.invoke(event);
    return events;
  }

  /** Waits until no function runs any more on behalf of a request that was given up. */
  public async settle(): Promise<void> {
    await Promise.allSettled([...this.running]);
  }

  private async answer(
    event: CustomResourceEvent,
    awaited: AwaitedAnswer,
  ): Promise<CustomResourceAnswer> {
    const seconds = serviceTimeout(event);
    const deadline = deadlineAfter(seconds);
    const delivery = this.deliver(event, awaited);
    this.running.add(delivery);
    delivery.then(
      () => this.running.delete(delivery),
      () => this.running.delete(delivery),
    );
    try {
      const outcome = await Promise.race([delivery, deadline.reached]);
      const body = await Promise.race([awaited.body, Promise.resolve(undefined)]);
      if (body !== undefined) return parseAnswer(body, event);
      if (outcome === 'deadline') {
        throw unanswered(event, awaited, `got none within ${seconds} s (ServiceTimeout)`);
      }
      const ended =
        outcome.error === undefined ? 'returned without one' : `failed: ${outcome.error}`;
      throw unanswered(event, awaited, `but the function ${ended}`);
    } catch (error) {
      if (error instanceof ResourceFailure) throw error;
      throw new ResourceFailure(messageOf(error), idWithoutAnswer(event), { cause: error });
    } finally {
      deadline.cancel();
    }
  }

  private async deliver(
    event: CustomResourceEvent,
    awaited: AwaitedAnswer,
  ): Promise<InvocationOutcome> {
    const fault = this.options.fault?.(event);
    if (fault === 'lost-response') awaited.loseNext();
    let outcome = await this.invokeWithRetries(event);
    if (fault === 'duplicate' || fault === 'lost-response') {
      outcome = await this.invokeWithRetries(event);
    }
    if (fault === 'late-duplicate') this.late.push(event);
    return outcome;
  }

  private async invokeWithRetries(event: CustomResourceEvent): Promise<InvocationOutcome> {
    let outcome = await this.invoke(event);
    for (let retry = 0; retry < (this.options.retries ?? 2); retry++) {
      if (outcome.error === undefined) break;
      outcome = await this.invoke(event);
    }
    return outcome;
  }

  private async invoke(event: CustomResourceEvent): Promise<InvocationOutcome> {
    try {
      return await this.options.invoke(event.ServiceToken, event);
    } catch (error) {
      // Nothing ran, so a failed Create leaves nothing to delete.
      throw new ResourceFailure(messageOf(error), event.PhysicalResourceId, { cause: error });
    }
  }
}

function eventOf(call: CustomResourceCall, requestId: string, url: string): CustomResourceEvent {
  const { ServiceToken: token } = call.properties;
  if (typeof token !== 'string' || token === '') {
    throw new PontoonError(
      'RESOURCE_FAILED',
      `'ServiceToken' of "${call.logicalId}" (${call.type}) must be a string that is not empty`,
    );
  }
  return {
    RequestType: call.requestType,
    ServiceToken: token,
    ResponseURL: url,
    StackId: call.stack.stackId,
    RequestId: requestId,
    LogicalResourceId: call.logicalId,
    ...(call.physicalId === undefined ? {} : { PhysicalResourceId: call.physicalId }),
    ResourceType: call.type,
    ResourceProperties: call.properties,
    ...(call.oldProperties === undefined ? {} : { OldResourceProperties: call.oldProperties }),
  };
}

function serviceTimeout(event: CustomResourceEvent): number {
  const { ServiceTimeout: given } = event.ResourceProperties;
  if (given === undefined) return 3600;
  const seconds = Number(given);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new ResourceFailure(
    `'ServiceTimeout' must be a whole number of seconds from 1 to 3600, got ${given}`,
    event.PhysicalResourceId,
  );
}

function deadlineAfter(seconds: number): { reached: Promise<'deadline'>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const reached = new Promise<'deadline'>((resolve) => {
    timer = setTimeout(() => resolve('deadline'), seconds * 1000);
  });
  return { reached, cancel: () => clearTimeout(timer) };
}

function unanswered(
  event: CustomResourceEvent,
  awaited: AwaitedAnswer,
  what: string,
): ResourceFailure {
  const refused = awaited.refused.map((reason) => `; refused: ${reason}`).join('');
  return new ResourceFailure(
    `the function of "${event.LogicalResourceId}" must answer the ${event.RequestType} request, ${what}${refused}`,
    idWithoutAnswer(event),
  );
}

/** After a Create without an answer, CloudFormation's Delete carries an id of its own making. */
function idWithoutAnswer(event: CustomResourceEvent): string {
  if (event.PhysicalResourceId !== undefined) return event.PhysicalResourceId;
  const stackName = event.StackId.split('/')[1] ?? '';
  const suffix = event.RequestId.replaceAll('-', '').slice(0, 12).toUpperCase();
  return `${stackName}-${event.LogicalResourceId}-${suffix}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
