import { resolve } from 'node:path';
import { readTopology, type Topology } from '../postgres';
import { type CloudAssembly, readCloudAssembly, readMigration as readRecord } from '../rehearsal';
import type { Arguments } from './arguments';
import type { Io } from './io';
import type { Option } from './option';
import { readJsonFile } from './read-json';
import { asUsage, UsageError } from './usage-error';

/** A topology, and what is known beside it. */
export interface Migration {
  readonly topology: Topology;
  /** What the stack says of where each server is: plain values, or the text of CloudFormation expressions. */
  readonly bindings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How the source lets others in, if the stack says so. */
  readonly source: { readonly administrator: string; readonly hba: string } | undefined;
}

/** The options that name a topology. */
export const TOPOLOGY_OPTIONS: Readonly<Record<string, Option>> = {
  topology: { value: 'FILE', description: 'a topology as JSON: {"servers": …, "links": …}' },
  app: { value: 'DIR', description: 'a cloud assembly, such as cdk.out, in place of a topology' },
  stack: {
    value: 'NAME',
    description: 'the stack of the assembly',
    otherwise: 'the only one with a migration',
  },
  migration: {
    value: 'ID',
    description: 'the migration of the stack',
    otherwise: 'the only one',
  },
};

/** Reads the topology that the options name. Throws a UsageError. */
export function readMigration(options: Arguments, io: Io): Migration {
  const [file, app] = [options.text('topology'), options.text('app')];
  if ((file === undefined) === (app === undefined)) {
    throw new UsageError(
      `one of '--topology' and '--app' must be given, got ${file === undefined ? 'neither' : 'both'}; name a file or a cloud assembly`,
    );
  }
  return asUsage(() =>
    file === undefined
      ? fromAssembly(resolve(io.directory, app ?? ''), options)
      : {
          topology: readTopology(readJsonFile(io, file, 'topology').value),
          bindings: {},
          source: undefined,
        },
  );
}

function fromAssembly(directory: string, options: Arguments): Migration {
  const assembly = readCloudAssembly(directory);
  const stack = options.text('stack') ?? onlyStack(assembly);
  return readRecord(assembly, stack, options.text('migration'));
}

function onlyStack({ stacks }: CloudAssembly): string {
  const names = stacks
    .filter(({ template }) => template.metadata.Pontoon !== undefined)
    .map(({ stackName }) => stackName);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  const got = names.length === 0 ? 'none' : names.map((name) => `'${name}'`).join(', ');
  throw new UsageError(
    `the cloud assembly must have one stack with a migration, got ${got}; ${names.length === 0 ? 'add a HybridMigration to a stack' : "name one by '--stack'"}`,
  );
}
