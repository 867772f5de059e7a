import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of this package. */
export function version(): string {
  // The sources and what they compile to lie at different depths.
  for (let directory = __dirname; ; directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    if (existsSync(file)) {
      const { version: own } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
      return own;
    }
  }
}
