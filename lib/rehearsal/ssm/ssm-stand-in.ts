import { randomUUID } from 'node:crypto';
import { isRecord, recordOf } from '../assembly';
import { type AwsOperations, AwsServiceError } from '../aws-endpoint';
import type { ResourcePlayers } from '../cloudformation';
import type { Server, StandIn, Workspace } from '../servers';
import { type CommandDocument, fillIn, readDocument } from './document';
import { ScriptHost } from './script-host';

/** What commands are run on, and with. */
export interface SsmOptions {
  readonly workspace: Workspace;
  /** The text of a secret, by its ARN or name; undefined for an unknown one. */
  readonly secret: (reference: string) => string | undefined;
  /** The server on the instance that an SSM target such as `tag:pontoon:standby` = `vol-1` names. */
  readonly instance: (key: string, value: string) => Server | undefined;
  /**
   * What the host of a server is told beside the places of its own server.
   *
   * @default - nothing
   */
  readonly environment?: (server: Server) => Readonly<Record<string, string>>;
}

interface Command {
  readonly id: string;
  readonly instance: string | undefined;
  status: 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';
  output: string;
  errors: string;
  readonly abort: AbortController;
}

/** SSM keeps the beginning of what a command wrote. */
const MOST_OUTPUT = 24_000;
const MOST_ERRORS = 8_000;

/** What takes the place of AWS Systems Manager. */
export const SSM_STAND_IN: StandIn = {
  name: 'AWS Systems Manager',
  reason: 'it runs only in AWS; commands run on this machine, with the servers of the rehearsal',
  behaviours: [
    'runs the very script of the document, with its parameters filled in',
    'refuses parameters that are unknown, missing or do not match their pattern',
    'a command whose target has no instance has no invocation',
    'keeps the beginning of what a command wrote, and says how it ended',
    'stops a command that is cancelled or takes longer than its document allows',
    'has the AWS CLI on its hosts, which fetches the text of a secret and refuses any other call',
    'has runuser on its hosts, which runs a program as the account of the rehearsal',
  ],
};

/** Stands in for AWS Systems Manager: documents, and commands that run them on the host of a server. */
export class SsmStandIn {
  private readonly documents = new Map<string, CommandDocument>();
  private readonly commands = new Map<string, Command>();
  private readonly running = new Set<Promise<void>>();
  private readonly host: ScriptHost;

  constructor(private readonly options: SsmOptions) {
    this.host = new ScriptHost(options.workspace, options.secret, options.environment);
  }

  /** What took the place of something so far. */
  public get standIns(): readonly StandIn[] {
    return this.commands.size === 0 ? [] : [SSM_STAND_IN, ...this.host.standIns];
  }

  /** Plays documents. */
  public readonly players: ResourcePlayers = {
    'AWS::SSM::Document': {
      uses: ['Content'],
      create: async ({ logicalId, properties }) => {
        const physicalId = `${logicalId}-${randomUUID().slice(0, 8)}`;
        this.add(physicalId, properties.Content);
        return { physicalId, attributes: {} };
      },
      delete: async (_request, { physicalId }) => {
        this.documents.delete(physicalId);
      },
    },
  };

  /** Has a document exist. */
  public add(name: string, content: unknown): void {
    this.documents.set(name, readDocument(content));
  }

  /** The operations that a client of Systems Manager calls. They reject with an AwsServiceError. */
  public operations(): AwsOperations {
    return {
      'AmazonSSM.SendCommand': (input) => this.send(recordOf(input)),
      'AmazonSSM.ListCommandInvocations': (input) => ({
        CommandInvocations: this.invocations(recordOf(input)),
      }),
      'AmazonSSM.GetCommandInvocation': (input) => this.invocation(recordOf(input)),
      'AmazonSSM.CancelCommand': (input) => {
        this.find(recordOf(input)).abort.abort('Cancelled');
        return {};
      },
    };
  }

  /** Stops all commands, and waits until they ended. */
  public async close(): Promise<void> {
    for (const { abort } of this.commands.values()) abort.abort('Cancelled');
    await Promise.all(this.running);
    await this.host.close();
  }

  private send(input: Readonly<Record<string, unknown>>): unknown {
    const document = this.documents.get(String(input.DocumentName));
    if (document === undefined)
      throw new AwsServiceError('InvalidDocument', 'the document does not exist');
    const script = fillIn(document, input.Parameters);
    const [target] = Array.isArray(input.Targets) ? input.Targets : [];
    const { Key: key, Values: values } = recordOf(target);
    const server = this.options.instance(
      String(key),
      String(Array.isArray(values) ? values[0] : ''),
    );
    const command: Command = {
      id: randomUUID(),
      instance: server === undefined ? undefined : `i-${server.name}`,
      status: server === undefined ? 'Success' : 'InProgress',
      output: '',
      errors: '',
      abort: new AbortController(),
    };
    this.commands.set(command.id, command);
    if (server !== undefined) this.track(this.run(command, document, server, script));
    return { Command: { CommandId: command.id, Status: 'Pending' } };
  }

  private track(work: Promise<void>): void {
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async run(
    command: Command,
    { timeoutSeconds }: CommandDocument,
    server: Server,
    script: string,
  ): Promise<void> {
    const timer = setTimeout(() => command.abort.abort('TimedOut'), timeoutSeconds * 1000);
    try {
      const { output, errors, status } = await this.host.run(server, script, command.abort.signal);
      command.output = output;
      command.errors =
        status === 0 ? errors : `${errors}failed to run commands: exit status ${status}`;
      command.status = status === 0 ? 'Success' : 'Failed';
    } catch (error) {
      command.errors = error instanceof Error ? error.message : String(error);
      command.status = 'Failed';
    } finally {
      clearTimeout(timer);
      const { aborted, reason } = command.abort.signal;
      if (aborted && command.status !== 'Success')
        command.status = reason === 'TimedOut' ? 'TimedOut' : 'Cancelled';
    }
  }

  private invocations(input: Readonly<Record<string, unknown>>): readonly unknown[] {
    const { id, instance, status } = this.find(input);
    return instance === undefined ? [] : [{ CommandId: id, InstanceId: instance, Status: status }];
  }

  private invocation(input: Readonly<Record<string, unknown>>): unknown {
    const { id, instance, status, output, errors } = this.find(input);
    if (instance === undefined || instance !== input.InstanceId)
      throw new AwsServiceError('InvocationDoesNotExist', 'the command did not run there');
    return {
      CommandId: id,
      InstanceId: instance,
      Status: status,
      StandardOutputContent: output.slice(0, MOST_OUTPUT),
      StandardErrorContent: errors.slice(0, MOST_ERRORS),
    };
  }

  private find(input: unknown): Command {
    const { CommandId: id } = isRecord(input) ? input : {};
    const command = this.commands.get(String(id));
    if (command !== undefined) return command;
    throw new AwsServiceError('InvalidCommandId', 'the command does not exist');
  }
}
