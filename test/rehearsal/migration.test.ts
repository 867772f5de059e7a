import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCloudAssembly, readMigration } from '../../lib/rehearsal';
import { recordedMigration, writeAssembly } from '../cli/assembly';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-migration-'));
  const one = recordedMigration('shop');
  writeAssembly(directory, { None: {}, One: { M: one }, Two: { M: one, N: one } });
});
afterEach(() => rmSync(directory, { recursive: true }));

test('reads the only migration, or the one that is named', () => {
  const assembly = readCloudAssembly(directory);
  expect(readMigration(assembly, 'One').name).toBe('M');
  expect(readMigration(assembly, 'Two', 'N').source.administrator).toBe('admin');
});

test.each([
  [
    'None',
    undefined,
    "stack 'None' must record one migration to rehearse, got none; add a HybridMigration to it",
  ],
  [
    'Two',
    undefined,
    "stack 'Two' must record one migration to rehearse, got 'M', 'N'; name one of them by 'migration'",
  ],
  [
    'One',
    'X',
    "stack 'One' must record one migration to rehearse, got 'M'; name one of them by 'migration'",
  ],
])('refuses %s with %s', (stack, name, message) => {
  expect(() => readMigration(readCloudAssembly(directory), stack, name)).toThrow(message);
});
