import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The loader of TypeScript for a process that no test runner looks after. */
const LOADER = join(__dirname, '../../typescript.cjs');

/**
 * The problems with which each of the programs is refused that the module `file` exports as `programs`: promises of
 * functions by name. In a process of their own, since what is thrown while an output is computed is nobody's to handle.
 */
export function refusedPrograms(file: string): Record<string, readonly string[]> {
  const script = `(async () => {
    const { programs } = require(${JSON.stringify(file)});
    const refused = {};
    for (const [name, run] of Object.entries(programs))
      refused[name] = await run().then(() => [], (error) => error.problems ?? [error.message]);
    process.stdout.write(JSON.stringify(refused), () => process.exit(0));
  })();`;
  const child = spawnSync(process.execPath, ['-r', LOADER, '-e', script], { encoding: 'utf8' });
  // Pulumi has the process fail for promises that were given up, as they are here.
  if (child.stdout === '') throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}
