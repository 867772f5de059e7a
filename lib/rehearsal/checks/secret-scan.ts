import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** A text that must hold no secret, and what it is. */
export interface ScannedText {
  readonly place: string;
  readonly text: string;
}

/** Something that was not searched. */
export interface Unsearched {
  readonly place: string;
  readonly reason: string;
  /** Whether it should have been: a rehearsal that could not look there has not shown that nothing is there. */
  readonly failed: boolean;
}

/** What a scan looked at, and where it found a secret. The secrets themselves are in neither. */
export interface SecretScan {
  readonly secrets: number;
  readonly places: readonly string[];
  readonly found: readonly string[];
  readonly notSearched: readonly { readonly place: string; readonly reason: string }[];
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
  const wanted = secretSpellings(secrets);
  const found: string[] = [];
  for (const { place, text } of sources.texts) {
    if (wanted.some((secret) => text.includes(secret))) found.push(place);
  }
  for (const { place, path } of sources.files) {
    if (await fileHolds(path, wanted)) found.push(place);
  }
  return {
    secrets: new Set(secrets.filter(isLongEnough)).size,
    places: [...sources.texts, ...sources.files].map(({ place }) => place),
    found,
    notSearched: [],
  };
}

/**
 * How `secrets` may be written: as they are, inside JSON, or inside a URL; longer ones first, since one may be a part of
 * another. Those that are too short to be told from other texts are left out.
 */
export function secretSpellings(secrets: readonly string[]): string[] {
  const spellings = secrets
    .filter(isLongEnough)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  return [...new Set(spellings)].sort((a, b) => b.length - a.length);
}

function isLongEnough(secret: string): boolean {
  return secret.length >= LEAST_LENGTH;
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
