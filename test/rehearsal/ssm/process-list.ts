import { readdirSync, readFileSync } from 'node:fs';

/** The command lines of all processes, where the system shows them as files; undefined elsewhere. */
export function processList(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .join('\n');
}

function commandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // A process that has ended meanwhile shows nothing.
    return '';
  }
}
