import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PontoonError } from '../postgres';
import { readAppFailure } from './app-failure';
import type { Io } from './io';
import { UsageError } from './usage-error';

/** How much of what an app says is kept for when it fails. */
const KEPT_CHARACTERS = 256 * 1024;

/** Where a cloud assembly is written, and from what. */
export interface SynthesisOptions {
  /** The directory of the assembly. */
  readonly output: string;
  /** Context beside that of `cdk.json`, and before it. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Ends the app. */
  readonly signal: AbortSignal;
}

/**
 * Runs the CDK app that `cdk.json` names, as the CDK's own command line does, and has it write its cloud assembly to
 * `output`. Throws a PontoonError with code SYNTHESIS and
 * the error that the app ended with; its whole output is the cause.
 */
export async function synthesize(
  io: Io,
  { output, context: more, signal }: SynthesisOptions,
): Promise<void> {
  const { app, context } = readCdkJson(io.directory);
  const { code, said } = await runApp(app, io, signal, {
    CDK_OUTDIR: output,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...more }),
  });
  signal.throwIfAborted();
  if (code !== 0)
    throw failedApp(`'${app}' must synthesize the app, got exit code ${code}`, said, io);
  requireContext(output);
}

function failedApp(what: string, said: string, { directory }: Io): PontoonError {
  const { shown, shortened } = readAppFailure(said, directory);
  const wayOut = shortened
    ? 'mend what it says, or run again with --debug to see all of it'
    : 'mend what it says';
  // With --debug, causes are shown by their trace: here, all that the app said.
  const cause = Object.assign(new Error(what), { stack: said.trim() });
  return new PontoonError('SYNTHESIS', `${what}; ${wayOut}:\n${shown}`, { cause });
}

function readCdkJson(directory: string): {
  readonly app: string;
  readonly context: Readonly<Record<string, unknown>>;
} {
  const cdk = readObject(join(directory, 'cdk.json'));
  if (typeof cdk?.app !== 'string') {
    throw new UsageError(
      `'--app' must be given where no cdk.json names an app, got none in ${JSON.stringify(directory)}; run cdk synth and name its directory, or run this where cdk.json is`,
    );
  }
  const context = {
    // What the CDK's command line sets too, so that the templates are those that it would deploy.
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
    'aws:cdk:version-reporting': cdk.versionReporting ?? true,
    ...readObject(join(directory, 'cdk.context.json')),
    ...(typeof cdk.context === 'object' ? cdk.context : {}),
  };
  return { app: cdk.app, context };
}

function readObject(file: string): Readonly<Record<string, unknown>> | undefined {
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>)
    : undefined;
}

function runApp(
  app: string,
  io: Io,
  signal: AbortSignal,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(app, {
      shell: true,
      // A group of its own, so that the app ends with its shell.
      detached: true,
      cwd: io.directory,
      env: { ...io.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    const stop = (): void => {
      if (pid !== undefined && child.exitCode === null) process.kill(-pid, 'SIGTERM');
    };
    signal.addEventListener('abort', stop, { once: true });
    let said = '';
    const listen = (chunk: Buffer): void => {
      said = `${said}${chunk.toString('utf8')}`.slice(-KEPT_CHARACTERS);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve({ code, said });
    });
  });
}

/** What an app looks up in an account is found out by the CDK's own command line, which we are not. */
function requireContext(output: string): void {
  const missing = readObject(join(output, 'manifest.json'))?.missing;
  if (!Array.isArray(missing) || missing.length === 0) return;
  throw new PontoonError(
    'SYNTHESIS',
    `the app must be synthesized without look-ups in an account, got ${missing.length} of them; run cdk synth, and name its directory by '--app'`,
  );
}
