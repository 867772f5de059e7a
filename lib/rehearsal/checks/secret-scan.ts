import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** A text that must hold no secret, and what it is. */
export interface ScannedText {
  readonly place: string;
  readonly text: string;
}

/** What a scan looked at, and where it found a secret. The secrets themselves are in neither. */
export interface SecretScan {
  readonly secrets: number;
  readonly places: readonly string[];
  readonly found: readonly string[];
}

/** Shorter texts occur by chance. */
const LEAST_LENGTH = 8;

/** Looks for `secrets` in `texts` and in the lines of `files`. */
export async function scanForSecrets(
  secrets: readonly string[],
  sources: {
    readonly texts: readonly ScannedText[];
    readonly files: readonly { readonly place: string; readonly path: string }[];
  },
): Promise<SecretScan> {
  const wanted = [...new Set(secrets)]
    .filter((secret) => secret.length >= LEAST_LENGTH)
    .flatMap(spellings);
  const found: string[] = [];
  for (const { place, text } of sources.texts) {
    if (wanted.some((secret) => text.includes(secret))) found.push(place);
  }
  for (const { place, path } of sources.files) {
    if (await fileHolds(path, wanted)) found.push(place);
  }
  return {
    secrets: new Set(secrets).size,
    places: [...sources.texts, ...sources.files].map(({ place }) => place),
    found,
  };
}

/** A secret may be written as it is, inside JSON, or inside a URL. */
function spellings(secret: string): string[] {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])];
}

async function fileHolds(path: string, wanted: readonly string[]): Promise<boolean> {
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) {
    if (wanted.some((secret) => line.includes(secret))) {
      lines.close();
      return true;
    }
  }
  return false;
}

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
