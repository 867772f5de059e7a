import type { CustomResourceEvent, InvocationOutcome, ResourcePlayers } from '../cloudformation';
import { type LambdaResult, LambdaStandIn } from '../lambda';
import type { Server, Shim } from '../servers';
import type { StageOptions } from '../stage-options';
import type { AddressBook } from './addresses';
import { CloudRights } from './cloud-rights';

/** What the functions of a stack need. */
export interface HandlerFunctionsOptions
  extends Pick<StageOptions, 'workspace' | 'migration' | 'signal' | 'onLog'> {
  /** Where they find what stands in for the cloud. */
  readonly endpointUrl: string;
  readonly addresses: AddressBook;
  /** The source, if it is one that a cloud manages, once it is there. */
  readonly source: () => Server | undefined;
  /** The target, once it is there. */
  readonly target: () => Server | undefined;
}

/** The functions of a stack, called as the services of a cloud do, but for the servers of this machine. */
export class HandlerFunctions {
  private readonly rights = new CloudRights();
  private readonly lambda: LambdaStandIn;
  public readonly players: ResourcePlayers;

  constructor(private readonly options: HandlerFunctionsOptions) {
    this.lambda = new LambdaStandIn({
      endpointUrl: options.endpointUrl,
      // What is staged there goes away with everything else, however the rehearsal ends.
      directory: options.workspace.directory,
      onLog: ({ line }) => options.onLog(line),
    });
    this.players = this.lambda.players;
    // Its failure is the one of `close`, which ends the same processes.
    const interrupt = (): void => void this.close().catch(() => undefined);
    options.signal?.addEventListener('abort', interrupt, { once: true });
  }

  /** The rights that were given so far, for what they do, beyond those of PostgreSQL. */
  public get shims(): readonly Shim[] {
    return this.rights.shims;
  }

  /** Sends a custom resource's event to the function that reconciles it. */
  public async reconcile(arn: string, event: CustomResourceEvent): Promise<InvocationOutcome> {
    const { addresses, signal, source, target } = this.options;
    signal?.throwIfAborted();
    const { ResourceProperties, OldResourceProperties, ...rest } = event;
    const { error } = await this.lambda.invoke(arn, {
      ...rest,
      ResourceProperties: addresses.redirect(ResourceProperties),
      ...(OldResourceProperties === undefined
        ? {}
        : { OldResourceProperties: addresses.redirect(OldResourceProperties) }),
    });
    if (event.ResourceType === 'Custom::PontoonRole' && event.RequestType !== 'Delete')
      await this.rights.honourMembers([target(), source()]);
    return error === undefined ? {} : { error };
  }

  /** Runs a task of a state machine. */
  public async walk(arn: string, input: unknown): Promise<LambdaResult> {
    const { administrator } = this.options.migration.source;
    const source = { server: this.options.source(), administrator };
    return await this.rights.walk(input, source, async () => await this.call(arn, input));
  }

  /** Runs a function with an input. */
  public async call(arn: string, input: unknown): Promise<LambdaResult> {
    return await this.lambda.invoke(arn, this.options.addresses.redirect(input));
  }

  /** Ends every function that runs. */
  public async close(): Promise<void> {
    await this.lambda.close();
  }
}
