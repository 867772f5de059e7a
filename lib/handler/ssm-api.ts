import type { SSMClient } from '@aws-sdk/client-ssm';
import type { SchemaCopyParameters } from '../postgres';

/** The part of the SDK that is used here, loaded when it is first needed. */
type Sdk = typeof import('@aws-sdk/client-ssm');

/** The instances that have a tag. */
export interface TaggedInstances {
  /** As SSM names it: `tag:<key>`. */
  readonly key: string;
  /** The tag's value. */
  readonly value: string;
}

/** How a command goes on one instance. */
export interface Invocation {
  /** `running` until it is one of the others. */
  readonly phase: 'running' | 'succeeded' | 'failed';
  /** SSM's own word. */
  readonly status: string;
  /** What the command wrote to its standard error. */
  readonly errors: string;
}

const FAILED = ['Cancelled', 'TimedOut', 'Failed', 'Undeliverable', 'Terminated'];

/** Commands of AWS Systems Manager. */
export class SsmApi {
  private constructor(
    private readonly sdk: Sdk,
    private readonly client: SSMClient,
  ) {}

  /** Loads the SDK. Region and credentials are those of the process. */
  public static async load(): Promise<SsmApi> {
    const sdk = await import('@aws-sdk/client-ssm');
    return new SsmApi(sdk, new sdk.SSMClient({}));
  }

  /** Sends a document to instances, and returns the command's id. */
  public async send(
    document: string,
    { key, value }: TaggedInstances,
    parameters: SchemaCopyParameters,
  ): Promise<string> {
    const { Command } = await this.client.send(
      new this.sdk.SendCommandCommand({
        DocumentName: document,
        Targets: [{ Key: key, Values: [value] }],
        Parameters: Object.fromEntries(
          Object.entries(parameters).map(([name, text]) => [name, [text]]),
        ),
      }),
    );
    return Command?.CommandId ?? '';
  }

  /** How a command goes, or undefined as long as no instance took it. */
  public async invocation(command: string): Promise<Invocation | undefined> {
    const { CommandInvocations = [] } = await this.client.send(
      new this.sdk.ListCommandInvocationsCommand({ CommandId: command }),
    );
    const [first] = CommandInvocations;
    if (first === undefined) return undefined;
    const status = first.Status ?? 'Pending';
    if (status !== 'Success' && !FAILED.includes(status))
      return { phase: 'running', status, errors: '' };
    const { StandardErrorContent = '' } = await this.client.send(
      new this.sdk.GetCommandInvocationCommand({
        CommandId: command,
        InstanceId: first.InstanceId,
      }),
    );
    return {
      phase: status === 'Success' ? 'succeeded' : 'failed',
      status,
      errors: StandardErrorContent,
    };
  }

  /** Has a command end. */
  public async cancel(command: string): Promise<void> {
    await this.client.send(new this.sdk.CancelCommandCommand({ CommandId: command }));
  }
}
