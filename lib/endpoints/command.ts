import { execFile } from 'node:child_process';
import { type CommandEndpointSpec, type Endpoint, type EndpointCall, sideOf } from '../postgres';
import { notSwitched, unavailable, unknownSide } from './endpoint-error';
import { until } from './until';

const SHOWN_CHARACTERS = 300;

/**
 * Whatever a command of the user's switches. It is run without a shell, in this process's directory and environment;
 * a command that does not end in time is killed.
 */
export class CommandEndpoint implements Endpoint {
  constructor(
    private readonly spec: CommandEndpointSpec,
    private readonly timeoutMs: number,
  ) {}

  public async active({ signal }: EndpointCall = {}): Promise<string> {
    const printed = await this.read(signal);
    const side = Object.entries(this.spec.sides).find(([, text]) => text === printed);
    if (side !== undefined) return side[0];
    throw unknownSide(
      this.spec,
      (server) => `'${sideOf(this.spec.sides, server)}'`,
      printed === '' ? 'nothing printed' : `'${shortened(printed)}'`,
    );
  }

  public async activate(server: string, { signal }: EndpointCall = {}): Promise<void> {
    const side = sideOf(this.spec.sides, server);
    await this.active({ signal });
    const argv = this.spec.activate.map((argument) => argument.replaceAll('{side}', side));
    try {
      await run(argv, { side, timeoutMs: this.timeoutMs, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw notSwitched(
        this.spec,
        server,
        messageOf(error),
        'run it by hand to see what it needs',
        error,
      );
    }
    const printed = await until(
      () => this.read(signal),
      (text) => text === side,
      { timeoutMs: this.timeoutMs, signal },
    );
    if (printed === side) return;
    throw notSwitched(
      this.spec,
      server,
      `'${shortened(printed)}' after ${this.timeoutMs / 1000} s`,
      "let 'activate' switch what 'active' prints",
    );
  }

  private async read(signal: AbortSignal | undefined): Promise<string> {
    try {
      return await run(this.spec.active, { timeoutMs: this.timeoutMs, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw unavailable(this.spec, messageOf(error), 'run it by hand to see what it needs');
    }
  }
}

interface RunOptions {
  /** The side's text, for the command that switches. */
  readonly side?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Runs a program, and returns what it printed without the spaces around it. */
async function run(
  [program = '', ...args]: readonly string[],
  { side, timeoutMs, signal }: RunOptions,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        env: { ...process.env, ...(side === undefined ? {} : { PONTOON_SIDE: side }) },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else if (signal?.aborted === true) reject(signal.reason);
        else reject(new Error(failureOf(program, error, stderr, timeoutMs)));
      },
    );
  });
}

function failureOf(
  program: string,
  error: {
    readonly code?: number | string | null;
    readonly killed?: boolean;
    readonly signal?: string | null;
  },
  stderr: string,
  timeoutMs: number,
): string {
  const how =
    error.killed === true
      ? `no end of '${program}' within ${timeoutMs / 1000} s`
      : typeof error.code === 'number'
        ? `exit code ${error.code} of '${program}'`
        : `${error.code ?? error.signal ?? 'a failure'} of '${program}'`;
  const said = shortened(stderr.trim());
  // Never the error's own message: it quotes the arguments, which may hold a token.
  return said === '' ? how : `${how}, which said '${said}'`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `…${text.slice(-SHOWN_CHARACTERS)}` : text;
}
