import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFile } from '../package-file';
import type { StandIn, Workspace } from '../servers';

/** What takes the place of the host that runs the commands. Each behaviour is the name of a test. */
export const RUNNER_HOST_STAND_IN: StandIn = {
  name: 'the runner host',
  reason: 'there is no virtual machine; its commands run on this machine, by a shell',
  behaviours: [
    'the commands and what they read are those that the program registered, in the order of their dependencies',
    'a command that fails ends the deployment, with what it said',
    'deletions run in the opposite order',
  ],
  notReproduced: [
    'SSH, its keys and the bastion',
    'the instance principal: secrets are read with a key that was made for the rehearsal',
    'how Node.js and pontoon get onto the host',
  ],
};

/** How a command ended. */
export interface CommandAnswer {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

/** A host with `pontoon` on its path. */
export class RunnerHost {
  private constructor(
    private readonly workspace: Workspace,
    private readonly directory: string,
  ) {}

  /** Makes one on which `environment` says where OCI is, whatever a command itself says of it. */
  public static async make(
    workspace: Workspace,
    directory: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<RunnerHost> {
    const lines = [
      '#!/bin/sh',
      ...Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`),
      `exec ${quote(process.execPath)} ${quote(packageFile('dist/bin/pontoon.js'))} "$@"`,
    ];
    await writeFile(join(directory, 'pontoon'), `${lines.join('\n')}\n`, { mode: 0o755 });
    return new RunnerHost(workspace, directory);
  }

  /** Runs `command` by a shell until it ends. */
  public async run(command: string, stdin: string): Promise<CommandAnswer> {
    // Wherever the program is on the real host, it is on the path here.
    const local = command.replace(/(^|\s)'?\/[^\s']*\/pontoon'?(?=\s)/, '$1pontoon');
    const child = this.workspace.spawn('sh', ['-c', local], {
      cwd: this.directory,
      env: { PATH: `${this.directory}:${process.env.PATH ?? DEFAULT_PATH}` },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said = { output: '', errors: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.errors += text));
    // A command that does not read to the end says by its status why.
    child.stdin?.on('error', () => undefined).end(stdin);
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? STOPPED));
    });
    return { ...said, status };
  }
}

const DEFAULT_PATH = '/usr/bin:/bin';

/** The status of a program that was ended by a signal, as a shell has it. */
const STOPPED = 143;

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
