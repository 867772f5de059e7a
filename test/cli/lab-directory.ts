import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../lib/postgres';
import type { CutoverLab } from '../runner/cutover/lab';
import { type CommandInput, type CommandResult, pontoon } from './command-line';

/** Where an operator of a lab works: a directory of files, with the logins in the environment. */
export class LabDirectory {
  public readonly path = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));

  private constructor(
    /** The servers, with the logins that the environment holds. */
    public readonly connections: { readonly blue: Connection; readonly green: Connection },
    public readonly environment: Readonly<Record<string, string>>,
  ) {}

  public static async of(lab: CutoverLab): Promise<LabDirectory> {
    const { admin, reader } = await lab.logins();
    const { blue, green } = lab.connections();
    const secret = 'env:ADMIN_';
    return new LabDirectory(
      { blue: { ...blue, secret }, green: { ...green, secret } },
      {
        ADMIN_USER: admin.username,
        ADMIN_PASSWORD: admin.password,
        READER_USER: reader.username,
        READER_PASSWORD: reader.password,
      },
    );
  }

  /** Writes `content` as JSON. */
  public write(file: string, content: object): void {
    writeFileSync(join(this.path, file), JSON.stringify(content));
  }

  /** Runs the command line here. */
  public async command(
    args: readonly string[],
    more: Pick<CommandInput, 'stdin' | 'typing' | 'terminal'> = {},
  ): Promise<CommandResult> {
    return await pontoon(args, { directory: this.path, environment: this.environment, ...more });
  }

  public remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
