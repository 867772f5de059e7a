import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The file of a part that every machine's script may have, such as `10-ground`. */
export function hostPart(name: string): string {
  return join(__dirname, 'boot', `${name}.sh`);
}

/** Joins the files `parts`, in the order of their names, into one script that is told what it needs by `parameters`. */
export function joinScript(parameters: string, parts: readonly string[]): string {
  const ordered = [...parts].sort((one, other) => (basename(one) < basename(other) ? -1 : 1));
  const texts = ordered.map((part) => readFileSync(part, 'utf8').replace(/^#!.*\n/, ''));
  return `#!/bin/bash\nPARAMETERS=${parameters}\n${texts.join('\n')}`;
}
