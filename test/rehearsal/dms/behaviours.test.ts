import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dmsStandInBehaviours } from '../../../lib/rehearsal/dms';

test('every behaviour has a test of its name', () => {
  const tests = readdirSync(__dirname)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(__dirname, file), 'utf8'))
    .join('\n');
  const untested = dmsStandInBehaviours.filter(
    ({ name }) => !tests.includes(`behaviour('${name}'`),
  );
  expect(untested.map(({ name }) => name)).toEqual([]);
});
