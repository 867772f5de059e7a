import { PontoonError } from '../../postgres';
import { isRecord } from '../assembly';
import type { AddressBook } from '../cloud/addresses';
import type { Recorder } from '../recorder';
import { inOrder, type RegisteredDeployment, resourcesOf } from './deployment';
import type { CommandAnswer, RunnerHost } from './runner-host';

/** What remote commands are. */
export const COMMAND_TYPE = 'command:remote:Command';

/** A command of the program that makes an object on a server. */
interface DatabaseCommand {
  readonly name: string;
  /** The kind of the object. */
  readonly kind: string;
  readonly create: string;
  readonly remove: string;
  /** What both read. */
  readonly stdin: Readonly<Record<string, unknown>>;
}

/** What commands are run with. */
export interface CommandServices {
  readonly host: RunnerHost;
  readonly addresses: AddressBook;
  readonly recorder: Recorder;
  /** Told of each command's text and of all that it said. */
  readonly onSaid: (text: string) => void;
}

/** The commands by which a program makes objects on its servers, played as Pulumi would. */
export class DatabaseCommands {
  private readonly commands: readonly DatabaseCommand[];
  private readonly made: DatabaseCommand[] = [];

  constructor(
    deployment: RegisteredDeployment,
    private readonly services: CommandServices,
  ) {
    const ordered = inOrder(deployment.resources);
    this.commands = resourcesOf({ resources: ordered }, COMMAND_TYPE).flatMap((resource) =>
      databaseCommand(resource.name, resource.given),
    );
  }

  /** How many there are. */
  public get count(): number {
    return this.commands.length;
  }

  /** Makes all objects, one after another. Throws a PontoonError with what the first one that fails says. */
  public async create(): Promise<void> {
    for (const command of this.commands) {
      // What was begun may be there.
      this.made.push(command);
      await this.run('create', command, command.create);
    }
  }

  /** Drops what was made, in the opposite order, whatever fails. Returns what failed. */
  public async remove(): Promise<readonly string[]> {
    const failures: string[] = [];
    for (const command of this.made.toReversed())
      await this.run('delete', command, command.remove).catch((error: Error) =>
        failures.push(error.message),
      );
    this.made.length = 0;
    return failures;
  }

  private async run(
    action: 'create' | 'delete',
    { name, kind, stdin }: DatabaseCommand,
    command: string,
  ): Promise<void> {
    const { host, addresses, recorder, onSaid } = this.services;
    const atSeconds = recorder.now();
    recorder.progress(`${action} ${name}`);
    const read = JSON.stringify(addresses.redirect(stdin));
    const answer = await host.run(command, read);
    onSaid([command, read, answer.output, answer.errors].join('\n'));
    const { status } = answer;
    recorder.step({
      logicalId: name,
      type: kind,
      action,
      atSeconds,
      seconds: recorder.now() - atSeconds,
      status: status === 0 ? 'done' : 'failed',
      ...(status === 0 ? {} : { detail: answer.errors.trim() }),
    });
    if (status !== 0) throw failed(name, action, answer);
  }
}

/** Whether a resource is a command that makes an object, and so is played. */
export function makesObject({
  type,
  name,
  inputs,
}: RegisteredDeployment['resources'][number]): boolean {
  return type === COMMAND_TYPE && databaseCommand(name, inputs).length > 0;
}

/** Nothing for a command that makes no object. */
function databaseCommand(
  name: string,
  { create, delete: remove, stdin }: Readonly<Record<string, unknown>>,
): DatabaseCommand[] {
  if (typeof create !== 'string' || typeof remove !== 'string' || typeof stdin !== 'string')
    return [];
  const read: unknown = stdin.startsWith('{') ? JSON.parse(stdin) : undefined;
  if (!isRecord(read) || !isRecord(read.spec)) return [];
  return [{ name, kind: String(read.spec.kind), create, remove, stdin: read }];
}

function failed(name: string, action: string, { status, errors }: CommandAnswer): PontoonError {
  return new PontoonError(
    'COMMAND_FAILED',
    `command '${name}' must ${action} its object, got exit code ${status}: ${errors.trim()}`,
  );
}
