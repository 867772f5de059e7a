import { randomUUID } from 'node:crypto';
import { access, constants, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { PontoonError } from '../../postgres';
import { findClientTool, type Server, type StandIn, type Workspace } from '../servers';
import { JQ_STAND_IN, jqStandIn } from './jq';
import { pgDumpStandIn } from './pg-dump';
import { PG_DUMP_STAND_IN } from './pg-dump-behaviours';
import { type Program, type ProgramAnswer, Programs } from './programs';
import { psqlStandIn } from './psql';
import { PSQL_STAND_IN } from './psql-behaviours';

/** Runs scripts that are written for the host of a server, with its programs or their stand-ins. */
export class ScriptHost {
  private readonly hosts = new Map<Server, Promise<Host>>();
  private readonly found: StandIn[] = [];

  constructor(
    private readonly workspace: Workspace,
    private readonly secret: (reference: string) => string | undefined,
    private readonly environment: (server: Server) => Readonly<Record<string, string>> = () => ({}),
  ) {}

  /** What took the place of programs that are not installed. */
  public get standIns(): readonly StandIn[] {
    return this.found;
  }

  /** Runs `script` until it ends, or `signal` has it killed. */
  public async run(server: Server, script: string, signal: AbortSignal): Promise<ProgramAnswer> {
    const known = this.hosts.get(server) ?? this.prepare(server);
    this.hosts.set(server, known);
    const { directory, env } = await known;
    const path = join(directory, `script-${randomUUID()}.sh`);
    await writeFile(path, script);
    if (signal.aborted) return { output: '', errors: '', status: STOPPED };
    const child = this.workspace.spawn('bash', [path], {
      cwd: directory,
      env: { ...env, PATH: `${directory}:${process.env.PATH ?? DEFAULT_PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = (): void => {
      if (child.pid !== undefined) endGroup(child.pid);
    };
    signal.addEventListener('abort', kill);
    const answer = { output: '', errors: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (answer.output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (answer.errors += text));
    try {
      const status = await new Promise<number>((resolve, reject) => {
        child.once('error', (error) => reject(noBash(error)));
        child.once('close', (code) => resolve(code ?? STOPPED));
      });
      return { ...answer, status };
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  /** Takes the stand-ins for programs away. */
  public async close(): Promise<void> {
    for (const host of this.hosts.values()) await (await host).programs.close();
  }

  private async prepare(server: Server): Promise<Host> {
    const directory = await this.workspace.makeDirectory('host');
    const told = this.environment(server);
    const tools = await installedTools(Number(told.MAJOR ?? server.major));
    const hasJq = await isOnPath('jq');
    this.add(tools === undefined ? [PG_DUMP_STAND_IN, PSQL_STAND_IN] : []);
    this.add(hasJq ? [] : [JQ_STAND_IN]);
    const programs = await Programs.start(directory, {
      aws: this.aws(),
      ...(hasJq ? {} : { jq: jqStandIn }),
      ...(tools === undefined ? { pg_dump: pgDumpStandIn(server), psql: psqlStandIn(server) } : {}),
    });
    await writeFile(
      join(directory, 'host.env'),
      hostFile(server, { TOOLS: tools ?? directory, ...told }),
    );
    await writeFile(join(directory, 'passfile'), `*:*:*:*:${server.superuser.password}\n`, {
      mode: 0o600,
    });
    return {
      directory,
      programs,
      env: {
        PONTOON_ENV: join(directory, 'host.env'),
        PGPASSFILE: join(directory, 'passfile'),
        TMPDIR: directory,
      },
    };
  }

  /** Several hosts may lack the same program. */
  private add(standIns: readonly StandIn[]): void {
    for (const standIn of standIns) if (!this.found.includes(standIn)) this.found.push(standIn);
  }

  /** The AWS CLI, as far as scripts fetch secrets with it. */
  private aws(): Program {
    return async ({ args }) => {
      const [service, operation, option, reference, ...rest] = args;
      const wanted =
        'secretsmanager get-secret-value --secret-id --query SecretString --output text';
      if ([service, operation, option, ...rest].join(' ') !== wanted)
        return { output: '', errors: `aws: the stand-in knows only '${wanted}'\n`, status: 252 };
      const text = this.secret(reference ?? '');
      if (text !== undefined) return { output: `${text}\n`, errors: '', status: 0 };
      return {
        output: '',
        errors:
          "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the specified secret.\n",
        status: 254,
      };
    };
  }
}

const DEFAULT_PATH = '/usr/bin:/bin';

/** The status of a program that was ended by a signal, as a shell has it. */
const STOPPED = 143;

interface Host {
  readonly directory: string;
  readonly programs: Programs;
  readonly env: Readonly<Record<string, string>>;
}

/** Where pg_dump and psql of `major` lie; pg_dump of an older one refuses the server. */
async function installedTools(major: number): Promise<string | undefined> {
  const dump = await findClientTool(major, 'pg_dump');
  const psql = await findClientTool(major, 'psql');
  if (dump === undefined || psql === undefined) return undefined;
  // The script looks for both in one directory.
  return dirname(dump) === dirname(psql) ? dirname(dump) : undefined;
}

async function isOnPath(program: string): Promise<boolean> {
  const directories = (process.env.PATH ?? DEFAULT_PATH).split(delimiter);
  const found = await Promise.all(
    directories.map((directory) =>
      access(join(directory, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Ends a script and the programs that it started, which are a group of their own. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    // It ended by itself a moment ago.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** What the boot script is told on the real host, with the places of this machine. */
function hostFile(
  { major, superuser, socketDirectory, port }: Server,
  told: Readonly<Record<string, string>>,
): string {
  return Object.entries({
    REGION: 'eu-central-1',
    MAJOR: major,
    LOCAL_ROLE: superuser.user,
    SOCKET: socketDirectory,
    PORT: port,
    ...told,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function noBash(error: Error): PontoonError {
  return new PontoonError(
    'NO_BASH',
    `the schema copy of a rehearsal requires bash on this machine, got ${error.message}; install the package 'bash'`,
  );
}
