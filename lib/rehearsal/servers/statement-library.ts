import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findServer } from './binaries';

const LIBRARY = 'pg_stat_statements';

/** More than a rehearsal has statements, so that none is dropped before it is looked at. */
const MOST_STATEMENTS = '10000';

/**
 * `settings` of a server of `major`, by which it keeps its statements in pg_stat_statements too. They stay as they are
 * where the server was installed without that library, with which it would not start.
 */
export async function withStatementLibrary(
  major: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  if (!(await hasLibrary(major))) return settings;
  const given = (settings.shared_preload_libraries ?? '').split(',').map((name) => name.trim());
  const libraries = new Set([...given, LIBRARY].filter((name) => name !== ''));
  return {
    'pg_stat_statements.max': MOST_STATEMENTS,
    // The runner sets no password where it would be kept.
    'pg_stat_statements.track_utility': 'off',
    ...settings,
    shared_preload_libraries: [...libraries].join(','),
  };
}

async function hasLibrary(major: number): Promise<boolean> {
  const { kind, directory } = await findServer(major);
  const root = kind === 'embedded' ? directory : dirname(directory);
  const candidates = ['lib/postgresql', 'lib'].flatMap((folder) =>
    ['so', 'dylib'].map((ending) => join(root, folder, `${LIBRARY}.${ending}`)),
  );
  const found = await Promise.all(
    candidates.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
