import { readdir, readFile } from 'node:fs/promises';

/** The command lines of all processes, where the system shows them as files; undefined elsewhere. */
export async function processList(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map(async (id) => {
      try {
        return (await readFile(`/proc/${id}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      } catch {
        // A process that has ended meanwhile shows nothing.
        return '';
      }
    }),
  );
  return lines.join('\n');
}
