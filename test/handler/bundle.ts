import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where the bundle is that templates ship. To be asked before anything is started that would have to be stopped. */
export function requireBundle(): string {
  const directory = join(__dirname, '..', '..', 'dist', 'handler');
  if (existsSync(join(directory, 'index.js'))) return directory;
  throw new Error("the bundle must be built before it is tested, got none; run 'npm run build'");
}
