import { readFileSync } from 'node:fs';
import { packageFile } from './package-file';

/** The version of this package. */
export function version(): string {
  const { version: own } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string;
  };
  return own;
}
