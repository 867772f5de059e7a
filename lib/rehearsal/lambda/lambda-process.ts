import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { FunctionDefinition } from './function-definition';

/** What a function wrote. */
export interface LambdaLogLine {
  readonly functionName: string;
  /** Invocation during which the line was written; undefined before the first. */
  readonly requestId: string | undefined;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

/** How an invocation ended. */
export interface LambdaResult {
  readonly requestId: string;
  /** What the function returned; undefined after an error. */
  readonly payload: unknown;
  /** What the function threw, or why it was ended; undefined if it returned. */
  readonly error: string | undefined;
  /** The name of the error, as Lambda tells it to its callers; undefined if the function returned. */
  readonly errorType: string | undefined;
  readonly milliseconds: number;
  /** Whether a process was started for this invocation. */
  readonly cold: boolean;
}

interface Reply {
  readonly requestId: string;
  readonly payload?: string;
  readonly error?: { readonly type: string; readonly message: string };
}

/** One process in which a function runs, one event at a time, reused while it is alive. */
export class LambdaProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<string>;
  private readonly flushed: Promise<unknown>;
  private readonly marks = new Map<string, () => void>();
  private requestId: string | undefined;
  private used = false;

  constructor(
    private readonly definition: FunctionDefinition,
    codeDirectory: string,
    environment: Readonly<Record<string, string>>,
    private readonly onLog: (line: LambdaLogLine) => void,
  ) {
    const { handler, memoryMiB } = definition;
    // Lambda's own runtime leaves a tenth of the memory to everything but the heap.
    const heap = `--max-old-space-size=${Math.floor(memoryMiB * 0.9)}`;
    const settings = JSON.stringify({ codeDirectory, handler, memoryMiB });
    const runtime = join(__dirname, 'lambda-runtime.cjs');
    this.child = spawn(process.execPath, [heap, runtime, settings], {
      cwd: codeDirectory,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
    });
    this.flushed = Promise.all([
      this.collect(this.child.stdout, 'stdout'),
      this.collect(this.child.stderr, 'stderr'),
    ]);
  }

  /** Whether another event can be sent. */
  public get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.child.connected;
  }

  /** Runs the function once; a function that exceeds its time limit is killed. */
  public async invoke(requestId: string, event: unknown): Promise<LambdaResult> {
    const begin = Date.now();
    const cold = !this.used;
    this.used = true;
    this.requestId = requestId;
    const limit = this.definition.timeoutSeconds;
    const message = {
      requestId,
      event,
      functionArn: this.definition.arn,
      deadline: begin + limit * 1000,
    };
    const written = this.awaitMarks(requestId);
    const outcome = await this.outcome(message, limit);
    await Promise.race([written, this.flushed]);
    return { requestId, ...outcome, milliseconds: Date.now() - begin, cold };
  }

  /** Ends the process at once. */
  public async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
    await this.flushed;
  }

  private async outcome(
    message: { readonly requestId: string },
    limitSeconds: number,
  ): Promise<Pick<LambdaResult, 'payload' | 'error' | 'errorType'>> {
    let timer: NodeJS.Timeout | undefined;
    let listener: ((reply: Reply) => void) | undefined;
    const replied = new Promise<Reply>((resolve) => {
      listener = (reply) => {
        if (reply.requestId === message.requestId) resolve(reply);
      };
      this.child.on('message', listener);
      this.child.send(message, (error) => {
        if (error !== null) this.child.kill('SIGKILL');
      });
    });
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limitSeconds * 1000);
    });
    try {
      const first = await Promise.race([replied, late, this.exited]);
      if (first === 'late') {
        await this.kill();
        return {
          payload: undefined,
          error: `Task timed out after ${limitSeconds.toFixed(2)} seconds`,
          errorType: 'Sandbox.Timedout',
        };
      }
      if (typeof first === 'string') {
        return {
          payload: undefined,
          error: `Runtime exited with error: ${first}`,
          errorType: 'Runtime.ExitError',
        };
      }
      if (first.error !== undefined) {
        const { type, message: said } = first.error;
        return { payload: undefined, error: `${type}: ${said}`, errorType: type };
      }
      return {
        payload: JSON.parse(first.payload ?? 'null'),
        error: undefined,
        errorType: undefined,
      };
    } finally {
      clearTimeout(timer);
      if (listener !== undefined) this.child.off('message', listener);
    }
  }

  private async collect(stream: Readable | null, name: 'stdout' | 'stderr'): Promise<void> {
    if (stream === null) return;
    for await (const text of createInterface({ input: stream })) {
      const [line = '', mark] = text.split('\0');
      if (mark === undefined || line !== '') {
        const { name: functionName } = this.definition;
        this.onLog({ functionName, requestId: this.requestId, stream: name, line });
      }
      if (mark !== undefined) this.marks.get(`${name} ${mark}`)?.();
    }
  }

  private async awaitMarks(requestId: string): Promise<void> {
    const streams = ['stdout', 'stderr'].map((name) => {
      const key = `${name} ${requestId}`;
      return new Promise<void>((resolve) => {
        this.marks.set(key, () => {
          this.marks.delete(key);
          resolve();
        });
      });
    });
    await Promise.all(streams);
  }
}
