import { relative, resolve } from 'node:path';
import { KNOWN_MAJORS, PontoonError } from '../postgres';
import {
  type RehearsalEvent,
  type RehearsalReport,
  type RehearseOptions,
  readCloudAssembly,
  readMigration,
  rehearse,
  rehearseProgram,
  type Verdict,
  verdictOf,
  writeReport,
} from '../rehearsal';
import type { Arguments } from './arguments';
import type { Command } from './command';
import { ExitCode } from './exit-code';
import { type Io, writeJson } from './io';
import { createProgress } from './progress';
import { rehearsalSummary } from './rehearsal-summary';
import { RehearsedAssembly } from './rehearsed-assembly';
import { asUsage, UsageError } from './usage-error';

const STACK = 'HybridMigration';
const PROGRAM_STACK = 'dev';
const REPORT_DIRECTORY = 'rehearsal-report';

/** Rehearses a stack on real servers. */
export const rehearseCommand: Command = {
  name: 'rehearse',
  summary: 'deploy a stack to real PostgreSQL servers on this machine, and see it work',
  usage: '[OPTIONS]',
  description: [
    'Plays the deployment of a stack on this machine: starts a real PostgreSQL server for each server of',
    'its topology, creates the stack’s resources there, writes while everything runs, switches writers',
    'there, back and there again where the stack can, compares every row, and deletes it all again.',
    'Needs no account and no network. What cannot run here has a stand-in, which the report names.',
    '',
    'Without --app, runs the app that cdk.json names, which must have been built. With --program, runs a',
    'Pulumi program without an engine, and plays what it registers: a blue-green deployment with its very',
    'commands, its load balancer, its names and its cutover; or a streaming cluster, whose primary is',
    'killed and another server promoted.',
  ],
  options: {
    app: {
      value: 'DIR',
      description: 'a cloud assembly, such as cdk.out',
      otherwise: 'what the app of cdk.json synthesizes',
    },
    program: {
      value: 'DIR',
      description: 'a Pulumi project of Node.js, compiled, in place of an app',
      otherwise: 'an app of the CDK is rehearsed',
    },
    config: {
      value: 'KEY=VALUE',
      multiple: true,
      description: 'configuration of the program, before that of Pulumi.<stack>.yaml',
      otherwise: 'what that file says',
    },
    stack: {
      value: 'NAME',
      description: 'the stack to rehearse',
      otherwise: `${STACK}, or ${PROGRAM_STACK} of a program`,
    },
    rows: {
      value: 'NUMBER',
      description: 'rows of sample data, about',
      otherwise: '20000',
    },
    major: {
      value: 'NUMBER',
      description: 'the PostgreSQL major, given to the app as its context majorVersion',
      otherwise: 'the app’s own',
    },
    migration: {
      value: 'ID',
      description: 'the migration of the stack, or the deployment of the program',
      otherwise: 'the only one',
    },
    'no-cutover': {
      description: 'leave out the switches between writers, where the stack or program has them',
    },
    report: {
      value: 'DIR',
      description: 'where report.json and report.html are written',
      otherwise: REPORT_DIRECTORY,
    },
  },
  exitCodes: {
    [ExitCode.FINE]: 'every row arrived, and nothing is left behind',
    [ExitCode.FAILED]: 'something went wrong; the report says what',
    [ExitCode.USAGE]: 'the command line cannot be understood',
    [ExitCode.UNCHECKED]: 'something could not be checked, such as a table, and nothing went wrong',
  },
  async run(options, io) {
    const rehearsal = options.text('program') === undefined ? ofApp : ofProgram;
    const controller = new AbortController();
    const { perform, end } = rehearsal(options, io, controller.signal);
    const stop = (): void => {
      controller.abort(new PontoonError('INTERRUPTED', 'the rehearsal was interrupted'));
      end();
    };
    for (const signal of SIGNALS) process.once(signal, stop);
    try {
      const report = await perform();
      const directory = options.text('report') ?? REPORT_DIRECTORY;
      const files = writeReport(report, resolve(io.directory, directory));
      if (options.flag('json')) writeJson(io.stdout, report);
      else io.stdout.write(rehearsalSummary(report, shortPath(io.directory, files.html)));
      return EXIT_CODES[verdictOf(report)];
    } finally {
      for (const signal of SIGNALS) process.off(signal, stop);
      end();
    }
  },
};

/** What is rehearsed, and how it is taken away. */
interface Rehearsal {
  readonly perform: () => Promise<RehearsalReport>;
  readonly end: () => void;
}

function ofApp(options: Arguments, io: Io, signal: AbortSignal): Rehearsal {
  if (options.texts('config').length > 0)
    throw options.wrong('config', "must be given together with '--program'", undefined);
  const wanted = readOptions(options);
  const major = readMajor(options);
  const assembly = new RehearsedAssembly(options.text('app'), io);
  return {
    perform: async () => {
      await assembly.prepare(major === undefined ? {} : { majorVersion: major }, signal);
      // So that a wrong name is told apart from a rehearsal that fails.
      asUsage(() => checkMigration(assembly.directory, wanted, major));
      const told = { ...wanted, assembly: assembly.directory, signal };
      return await show(io, (onEvent) => rehearse({ ...told, onEvent }));
    },
    end: () => assembly.remove(),
  };
}

function ofProgram(options: Arguments, io: Io, signal: AbortSignal): Rehearsal {
  for (const other of ['app', 'major']) {
    const value = options.text(other);
    if (value !== undefined)
      throw options.wrong(other, "cannot be given together with '--program'", value);
  }
  const { stack = PROGRAM_STACK, migration, ...wanted } = readCommon(options);
  const config = Object.fromEntries(
    [...options.pairs('config')].map(([key, values]) => [key, values.at(-1) ?? '']),
  );
  const told = {
    ...wanted,
    directory: resolve(io.directory, options.required('program')),
    stack,
    config,
    ...(migration === undefined ? {} : { deployment: migration }),
    signal,
  };
  return {
    perform: () => show(io, (onEvent) => rehearseProgram({ ...told, onEvent })),
    end: () => undefined,
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

const EXIT_CODES: Readonly<Record<Verdict, ExitCode>> = {
  passed: ExitCode.FINE,
  failed: ExitCode.FAILED,
  unchecked: ExitCode.UNCHECKED,
};

function checkMigration(
  assembly: string,
  { stack, migration }: Omit<RehearseOptions, 'assembly'>,
  major: number | undefined,
): void {
  const { topology } = readMigration(readCloudAssembly(assembly), stack, migration);
  const majors = Object.values(topology.servers).map(({ majorVersion }) => majorVersion);
  if (major === undefined || majors.every((one) => one === major)) return;
  throw new UsageError(
    `'--major' must be what the app makes of its context 'majorVersion', got ${major} and a topology with ${[...new Set(majors)].join(', ')}; have the app read it`,
  );
}

function readMajor(options: Arguments): number | undefined {
  const major = options.integer('major', KNOWN_MAJORS.oldest);
  if (major === undefined) return undefined;
  if (major > KNOWN_MAJORS.newest)
    throw options.wrong('major', `must be at most ${KNOWN_MAJORS.newest}`, String(major));
  if (options.text('app') !== undefined)
    throw new UsageError(
      "'--major' cannot be given with '--app', whose majors are decided; synthesize with another, or leave one out",
    );
  return major;
}

function readOptions(options: Arguments): Omit<RehearseOptions, 'assembly'> {
  const { stack = STACK, ...wanted } = readCommon(options);
  return { stack, ...wanted };
}

function readCommon(options: Arguments) {
  const rows = options.integer('rows', 1);
  const [stack, migration] = [options.text('stack'), options.text('migration')];
  return {
    ...(stack === undefined ? {} : { stack }),
    ...(migration === undefined ? {} : { migration }),
    ...(rows === undefined ? {} : { rows }),
    ...(options.flag('no-cutover') ? { cutover: false } : {}),
  };
}

async function show(
  io: Io,
  play: (onEvent: (event: RehearsalEvent) => void) => Promise<RehearsalReport>,
): Promise<RehearsalReport> {
  const progress = createProgress(io.stderr);
  try {
    return await play((event) => progress.show(event));
  } finally {
    await progress.finish();
  }
}

/** `file` as somebody in `directory` would write it. */
function shortPath(directory: string, file: string): string {
  const path = relative(directory, file);
  return path.startsWith('..') ? file : path;
}
