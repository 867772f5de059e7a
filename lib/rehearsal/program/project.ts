import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { PontoonError } from '../../postgres';
import { isRecord, recordOf } from '../assembly';

/** A Pulumi program as it would be run. */
export interface PulumiProject {
  readonly name: string;
  readonly stack: string;
  /** The directory of its `Pulumi.yaml`, in which it runs. */
  readonly directory: string;
  /** The JavaScript that Node.js runs. */
  readonly main: string;
  /** The configuration by full keys, such as `shop:compartmentId`. */
  readonly config: Readonly<Record<string, string>>;
}

/** Where a program is, and as what it is run. */
export interface ProjectOptions {
  /** The directory of its `Pulumi.yaml`. */
  readonly directory: string;
  readonly stack: string;
  /** Configuration beside that of `Pulumi.<stack>.yaml`, and before it. A key without a colon is the project's own. */
  readonly config: Readonly<Record<string, string>>;
}

/**
 * Reads a Pulumi project of Node.js.
 *
 * @throws PontoonError with code NO_PROGRAM if there is none, it is not compiled, or its configuration cannot be read.
 */
export function readProject({ stack, config, ...options }: ProjectOptions): PulumiProject {
  const directory = resolve(options.directory);
  const file = join(directory, 'Pulumi.yaml');
  if (!existsSync(file))
    throw noProgram(
      `'--program' must be the directory of a Pulumi project, got one without Pulumi.yaml: ${directory}; name the one that pulumi runs in`,
    );
  const project = readYaml(file);
  const { name, runtime } = project;
  const language = isRecord(runtime) ? runtime.name : runtime;
  if (typeof name !== 'string' || language !== 'nodejs')
    throw noProgram(
      `'Pulumi.yaml' must have a name and the runtime nodejs, got ${JSON.stringify({ name, runtime: language })}; programs in other languages are not rehearsed`,
    );
  return {
    name,
    stack,
    directory,
    main: mainOf(directory, typeof project.main === 'string' ? project.main : '.'),
    config: { ...stackConfig(directory, name, stack, config), ...qualified(name, config) },
  };
}

function readYaml(file: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw noProgram(
      `'${file}' must be readable as YAML, got ${error instanceof Error ? error.message : String(error)}; correct it`,
    );
  }
}

function mainOf(directory: string, main: string): string {
  const wanted = resolve(directory, main);
  try {
    const found = createRequire(join(directory, 'Pulumi.yaml')).resolve(wanted);
    if (!found.endsWith('.ts')) return found;
  } catch (error) {
    // Whatever else keeps it from being found is not for us to explain.
    if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND'))
      throw error;
  }
  throw noProgram(
    `'main' of Pulumi.yaml must lead to JavaScript, got none at ${wanted}; compile the program by tsc, and have 'main' name the directory or file that it writes`,
  );
}

function stackConfig(
  directory: string,
  project: string,
  stack: string,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const file = join(directory, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) return {};
  const known = qualified(project, given);
  const values = Object.entries(qualified(project, recordOf(readYaml(file).config)));
  const encrypted = values.filter(([key, value]) => isEncrypted(value) && !(key in known));
  if (encrypted.length > 0)
    throw noProgram(
      `'--config' must give what Pulumi.${stack}.yaml encrypts, got nothing for ${encrypted.map(([key]) => `'${key}'`).join(', ')}; nothing here decrypts it, and any other value will do`,
    );
  return Object.fromEntries(
    values
      .filter(([, value]) => !isEncrypted(value))
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function isEncrypted(value: unknown): boolean {
  return isRecord(value) && typeof value.secure === 'string';
}

function qualified<Value>(
  project: string,
  config: Readonly<Record<string, Value>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.includes(':') ? key : `${project}:${key}`,
      value,
    ]),
  );
}

function noProgram(message: string): PontoonError {
  return new PontoonError('NO_PROGRAM', message);
}
