import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readState, type Verification, type VerificationState } from '../runner';
import type { Io } from './io';
import { readJsonFile } from './read-json';
import { asUsage } from './usage-error';

/** The file in which a verification keeps how far it is. */
export class VerifyStateFile {
  private readonly path: string;

  constructor(
    private readonly io: Io,
    private readonly file: string,
  ) {
    this.path = resolve(io.directory, file);
  }

  /** What an earlier run left; undefined if there was none. Throws a UsageError. */
  public read(): VerificationState | undefined {
    if (!existsSync(this.path)) return undefined;
    return asUsage(() => readState(readJsonFile(this.io, this.file, 'resume').value));
  }

  /** Keeps `state`. An interruption leaves either the old one or the new one. */
  public write(state: VerificationState): void {
    writeFileSync(`${this.path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }

  /** Removes the file once there is nothing left to go on with. */
  public finish({ status }: Verification): void {
    if (status !== 'unchecked') rmSync(this.path, { force: true });
  }
}
