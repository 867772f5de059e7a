import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What loading one file costs. */
export interface LoadRow {
  readonly name: string;
  /** Median time of `require` in a new process, without the start of Node. */
  readonly milliseconds: number;
  readonly kibibytes?: number;
  readonly kibibytesCompressed?: number;
}

const RUNS = 9;
const TIMER =
  'const t = performance.now(); require(process.argv[1]); console.log(performance.now() - t)';

/** Loads the handler's bundles and the library's language, each in new processes. */
export function benchLoad(root = process.cwd()): readonly LoadRow[] {
  return [
    bundleRow('handler bundle', resolve(root, 'dist/handler/index.js')),
    bundleRow('what it loads for a cutover', resolve(root, 'dist/handler/cutover.js')),
    {
      name: "require('pontoon/postgres')",
      milliseconds: timeOf(resolve(root, 'dist/lib/postgres/index.js')),
    },
  ];
}

function bundleRow(name: string, file: string): LoadRow {
  return {
    name,
    milliseconds: timeOf(file),
    kibibytes: statSync(file).size / 1024,
    kibibytesCompressed: gzipSync(readFileSync(file)).length / 1024,
  };
}

function timeOf(file: string): number {
  const times = Array.from({ length: RUNS }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', TIMER, file], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${file} must load, got: ${stderr}`);
    return Number(stdout);
  });
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
}
