import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BlueGreenDeployment } from '../../lib/oci';
import { readProject } from '../../lib/rehearsal/program/project';
import { recordProgram } from '../../lib/rehearsal/pulumi-program';
import { deployment } from '../oci/deployment';
import { registered } from '../oci/programs';

/** What registering one program costs, in a process of its own. */
export interface ProgramRow {
  readonly name: string;
  /** Custom resources. */
  readonly resources: number;
  /** Median time until everything was registered, Pulumi and its providers having been loaded. */
  readonly milliseconds: number;
  /** Of that, for each deployment. */
  readonly each: number;
  /** Median time until Pulumi, its providers and these components were loaded. */
  readonly loadMilliseconds: number;
  /** Most memory that the process had. */
  readonly mebibytes: number;
}

const RUNS = 5;
const COUNTS = [1, 10, 50];
/** What no file of an example gives. */
const CONFIG = { sshPrivateKey: 'none', schemaCopied: 'true' };

/** Registers each example, and 1, 10 and 50 blue-green deployments in one program, without an engine. */
export function benchPrograms(root = process.cwd()): readonly ProgramRow[] {
  const examples = join(root, 'dist/examples');
  const programs = readdirSync(examples).filter((name) =>
    existsSync(join(examples, name, 'Pulumi.yaml')),
  );
  return [
    ...programs.map((name) => row(name, 1, ['example', join(examples, name)])),
    ...COUNTS.map((count) => row(`blue-green × ${count}`, count, ['deployments', String(count)])),
  ];
}

interface Measured {
  readonly resources: number;
  readonly milliseconds: number;
  readonly loadMilliseconds: number;
  readonly mebibytes: number;
}

/** Registers what `what` names in this process. */
export async function measureProgram(what: string, which: string): Promise<Measured> {
  const begun = performance.now();
  const found = await (what === 'example' ? recordExample(which) : recordMany(Number(which)));
  return {
    resources: found.filter(({ custom }) => custom).length,
    milliseconds: performance.now() - begun,
    loadMilliseconds: begun,
    mebibytes: process.resourceUsage().maxRSS / 1024,
  };
}

async function recordExample(directory: string) {
  const project = readProject({ directory, stack: 'dev', config: CONFIG });
  const { name, stack, config, main } = project;
  return await recordProgram({ project: name, stack, config }, () => require(main));
}

async function recordMany(count: number) {
  return await registered(() => {
    for (let one = 0; one < count; one += 1) new BlueGreenDeployment(`shop${one}`, deployment());
  });
}

function row(name: string, count: number, args: readonly string[]): ProgramRow {
  const script = `require(${JSON.stringify(__filename)}).measureProgram(...${JSON.stringify(args)}).then((measured) => console.log(JSON.stringify(measured)))`;
  const runs = Array.from({ length: RUNS }, (): Measured => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`'${name}' must be registered, got: ${stderr}`);
    return JSON.parse(stdout);
  });
  const median = (key: keyof Measured): number =>
    runs.map((run) => run[key]).sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
  const milliseconds = median('milliseconds');
  return {
    name,
    resources: median('resources'),
    milliseconds,
    each: milliseconds / count,
    loadMilliseconds: median('loadMilliseconds'),
    mebibytes: median('mebibytes'),
  };
}
