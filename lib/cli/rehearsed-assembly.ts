import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Io } from './io';
import { synthesize } from './synthesize';

/** The assembly to rehearse: one that is there, or one that is synthesized and removed again. */
export class RehearsedAssembly {
  public readonly directory: string;
  private readonly synthesized: boolean;

  constructor(
    given: string | undefined,
    private readonly io: Io,
  ) {
    this.synthesized = given === undefined;
    this.directory =
      given === undefined
        ? mkdtempSync(join(tmpdir(), 'pontoon-assembly-'))
        : resolve(io.directory, given);
  }

  public async prepare(
    context: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.synthesized) await synthesize(this.io, { output: this.directory, context, signal });
  }

  public remove(): void {
    if (this.synthesized) rmSync(this.directory, { recursive: true, force: true });
  }
}
