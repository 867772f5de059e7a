import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** How a program was called. */
export interface ProgramCall {
  readonly args: readonly string[];
  /** The variables for PostgreSQL's clients. */
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

/** What a program wrote, and how it ended. */
export interface ProgramAnswer {
  readonly output: string;
  readonly errors: string;
  readonly status: number;
}

/** A stand-in for a program. */
export type Program = (call: ProgramCall) => Promise<ProgramAnswer>;

/** Stand-ins for programs: executables in a directory for PATH, answered by this process. */
export class Programs {
  private constructor(
    private readonly server: Server,
    /** The directory with the executables. */
    public readonly directory: string,
  ) {}

  /** Puts executables into `directory`, one for each of `programs`. */
  public static async start(
    directory: string,
    programs: Readonly<Record<string, Program>>,
  ): Promise<Programs> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      serve(socket, programs).catch((error: Error) => socket.destroy(error));
    });
    const path = join(directory, 'socket');
    server.listen(path);
    await once(server, 'listening');
    const forward = [process.execPath, join(__dirname, 'program.cjs'), path];
    for (const name of Object.keys(programs)) {
      const command = [...forward, name].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
      await writeExecutable(join(directory, name), `exec ${command.join(' ')} "$@"`);
    }
    // The rehearsal's servers run as one account, and its sockets let that one in.
    await writeExecutable(join(directory, 'runuser'), 'shift 3\nexec "$@"');
    return new Programs(server, directory);
  }

  /** Answers no more calls. */
  public async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}

async function writeExecutable(path: string, text: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

async function serve(socket: Socket, programs: Readonly<Record<string, Program>>): Promise<void> {
  const chunks: Buffer[] = [];
  // Not by iteration, which would close the socket before the answer.
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  const { name, ...call } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ProgramCall & {
    readonly name: string;
  };
  const program = programs[name] ?? missing(name);
  socket.end(JSON.stringify(await program(call).catch(failureOf(name))));
}

function missing(name: string): Program {
  return async () => ({ output: '', errors: `${name}: command not found\n`, status: 127 });
}

function failureOf(name: string): (error: unknown) => ProgramAnswer {
  return (error) => ({
    output: '',
    errors: `${name}: error: ${error instanceof Error ? error.message : String(error)}\n`,
    status: 1,
  });
}
