import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LinkKind, renderCutoverRunbook } from '../../lib/postgres';
import { hybridChain } from './hybrid-chain';

// Whoever reads a code in the last line of a command looks it up in the operator's page.

const LIBRARY = resolve(__dirname, '../../lib');

/** Where everything is that a walk, and what prepares it, may throw. */
const SOURCES = [
  'runner/cutover',
  'handler/cutover',
  'endpoints/endpoint-error.ts',
  'endpoints/aws-secrets.ts',
  'endpoints/oci-secrets.ts',
  'runner/connect-failure.ts',
  'runner/deadline.ts',
  'runner/managed-object.ts',
  'runner/ownership.ts',
  'runner/run.ts',
  'runner/wait.ts',
  'cli/confirm.ts',
  'cli/interruption.ts',
];

/** What is thrown only where something else is said in its place: why, by code. */
const NEVER_SAID: Readonly<Record<string, string>> = {
  BUDGET_SPENT: 'behind the fence: UNDONE',
  FENCED_BY_ANOTHER: 'in the transaction of the fence: UNDONE',
  NOT_FENCED: 'behind the fence: UNDONE',
  NOT_QUIET: 'behind the fence: UNDONE',
  PREPARED: 'behind the fence: UNDONE',
  ROWS_UNVERIFIED: 'behind the fence: UNDONE',
  SCHEMAS_DIFFER: 'behind the fence: UNDONE',
  SEQUENCE_DIFFERS: 'behind the fence: UNDONE',
  ENDPOINT_NOT_SWITCHED: 'behind the fence: UNDONE, or behind the opening: UNSETTLED',
  SLOT_LOST: 'behind the fence: UNDONE, or behind the opening: UNSETTLED',
  TABLES_NOT_CARRIED: 'behind the fence: UNDONE, or behind the opening: UNSETTLED',
  TASK_SUSPENDED: 'behind the fence: UNDONE, or behind the opening: UNSETTLED',
  DMS_NOT_RESUMABLE: 'while things are taken back: CUT_OFF',
  NOT_SWITCHED: 'while things are taken back: CUT_OFF',
  UNREADABLE: 'behind the fence, or while it falls: UNDONE or CUT_OFF',
  INVALID: 'before anything is looked at: wrong usage, with its message only',
};

function sourcesIn(path: string): string[] {
  if (path.endsWith('.ts')) return [readFileSync(join(LIBRARY, path), 'utf8')];
  const names = readdirSync(join(LIBRARY, path)).filter((name) => name.endsWith('.ts'));
  return names.flatMap((name) => sourcesIn(join(path, name)));
}

const THROWN = new Set(
  SOURCES.flatMap(sourcesIn).flatMap((text) =>
    [...text.matchAll(/(?:PontoonError|super)\(\s*'([A-Z_]+)'|'(GATES_\w+)'/g)].flatMap(
      ([, code, gates]) => code ?? gates ?? [],
    ),
  ),
);

test('every code that a command may end with is explained', () => {
  const page = renderCutoverRunbook(hybridChain({ kind: LinkKind.DMS }), 'onPremises');
  const explained = page.slice(page.indexOf('## 3. '), page.indexOf('## 4. '));
  const said = [...THROWN].filter((code) => !Object.hasOwn(NEVER_SAID, code));
  expect(said.length).toBeGreaterThan(20);
  expect(said.filter((code) => !explained.includes(`\`${code}\``)).sort()).toEqual([]);
});

test('whatever is excused is thrown', () => {
  expect(Object.keys(NEVER_SAID).filter((code) => !THROWN.has(code))).toEqual([]);
});
