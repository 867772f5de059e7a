import { RECORDERS } from '../../lib/postgres';

// pgAudit is not among the embedded servers' extensions, so that its list is tested as a text.
test.each([
  ['none', false],
  ['', false],
  ['read, write, function', false],
  ['ddl', true],
  ['Role', true],
  ['ALL', true],
  ['all, -misc', true],
  ['all, -ddl', true],
  ['all,-ddl,-role', false],
  ['ddl, role, -all', false],
  ['-all, ddl', true],
])('pgaudit.log = %s records what changes roles or objects: %s', (setting, records) => {
  expect(RECORDERS['pgaudit.log']?.records(setting)).toBe(records);
});
