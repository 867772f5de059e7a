import { randomUUID } from 'node:crypto';
import { recordOf } from '../assembly';
import { AwsServiceError } from '../aws-endpoint';
import type { LambdaResult } from '../lambda';
import { StatesError } from './states-error';

/** What tasks work with. */
export interface TaskServices {
  /** Runs a function once. */
  readonly invoke: (functionArn: string, payload: unknown) => Promise<LambdaResult>;
  /** Told of each message that is published. */
  readonly onMessage: (message: PublishedMessage) => void;
}

/** A message that a task published. */
export interface PublishedMessage {
  readonly topicArn: string;
  readonly subject: string;
  /** The text; of an object, its JSON. */
  readonly message: string;
}

/** Calls a function, as the integration `lambda:invoke` does. */
export async function invokeFunction(
  parameters: unknown,
  { invoke }: TaskServices,
): Promise<unknown> {
  const { FunctionName: name, Payload: payload = {} } = recordOf(parameters);
  const { payload: returned, error, errorType } = await invoke(String(name), payload);
  if (error === undefined || errorType === undefined)
    return { ExecutedVersion: '$LATEST', Payload: returned, StatusCode: 200 };
  const errorMessage = error.startsWith(`${errorType}: `)
    ? error.slice(errorType.length + 2)
    : error;
  throw new StatesError(errorType, JSON.stringify({ errorType, errorMessage }));
}

/** Publishes a message. */
export function publish(parameters: unknown, { onMessage }: TaskServices): void {
  const { TopicArn: topicArn, Subject: subject, Message: message } = recordOf(parameters);
  onMessage({
    topicArn: String(topicArn),
    subject: String(subject),
    message: typeof message === 'string' ? message : JSON.stringify(message),
  });
}

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: StatesError) => void;
}

/** The tokens of tasks that wait for an answer. */
export class TaskTokens {
  private readonly waiting = new Map<string, Waiting>();

  /** A new token, and the answer to it. */
  public create(): { readonly token: string; readonly answer: Promise<unknown> } {
    const token = randomUUID();
    const answer = new Promise<unknown>((resolve, reject) => {
      this.waiting.set(token, { resolve, reject });
    });
    return { token, answer };
  }

  /** Ends a task well. */
  public succeed(token: string, output: string): void {
    this.take(token).resolve(JSON.parse(output));
  }

  /** Ends a task with an error. */
  public fail(token: string, error: string, cause: string): void {
    this.take(token).reject(new StatesError(error, cause));
  }

  /** Has a token be worth nothing any more. */
  public forget(token: string): void {
    this.waiting.delete(token);
  }

  private take(token: string): Waiting {
    const found = this.waiting.get(token);
    if (found === undefined)
      throw new AwsServiceError(
        'TaskTimedOut',
        'Task Timed Out: the provided task does not exist anymore',
      );
    this.waiting.delete(token);
    return found;
  }
}
