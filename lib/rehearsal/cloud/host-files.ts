import { PontoonError } from '../../postgres';

/** What a standby's user data says. */
export interface HostFiles {
  /** What the boot script is told, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Settings of postgresql.conf. */
  readonly settings: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf. */
  readonly hba: readonly string[];
}

const FILE = /^cat > (\S+) <<'PONTOON_EOF'\n([\s\S]*?)\nPONTOON_EOF$/gm;

/** Reads the files that `userData` writes onto the host. */
export function readHostFiles(userData: string): HostFiles {
  const files = new Map(
    [...userData.matchAll(FILE)].map(([, path, text]) => [path ?? '', text ?? '']),
  );
  const file = (ending: string): string => {
    for (const [path, text] of files) if (path.endsWith(ending)) return text;
    throw new PontoonError(
      'NO_HOST_FILE',
      `the standby's user data must write ${ending}, got ${[...files.keys()].join(', ') || 'no files'}; synthesize it with this version of pontoon`,
    );
  };
  return {
    parameters: Object.fromEntries(readLines(file('/standby.env')).map(splitAtEquals)),
    settings: readSettings(file('/10-settings.conf')),
    hba: readLines(file('/pg_hba.conf')),
  };
}

/** The settings of a file such as postgresql.conf. */
export function readSettings(text: string): Record<string, string> {
  return Object.fromEntries(readLines(text).map(parseSetting));
}

/** The lines of `text` that say something. */
export function readLines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
}

function splitAtEquals(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

/** `name = value  # why`, where the value may be quoted. */
function parseSetting(line: string): [string, string] {
  const match = /^\s*([\w.]+)\s*=\s*(?:'((?:[^']|'')*)'|([^\s#]+))/.exec(line);
  if (match?.[1] === undefined) {
    throw new PontoonError(
      'NO_HOST_FILE',
      `a line of postgresql.conf must be 'name = value', got ${JSON.stringify(line)}; correct 'conf' of the standby`,
    );
  }
  return [match[1], (match[2]?.replaceAll("''", "'") ?? match[3]) as string];
}
