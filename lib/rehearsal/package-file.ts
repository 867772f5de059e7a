import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of this package by its path in it. */
export function packageFile(path: string): string {
  // The sources and what they compile to lie at different depths.
  for (let directory = __dirname; ; directory = dirname(directory))
    if (existsSync(join(directory, 'package.json'))) return join(directory, path);
}
