import { secretSql, sql } from '../../lib/postgres';

test('a statement without secrets reads as it is sent', () => {
  expect(sql('SELECT 1')).toEqual({ text: 'SELECT 1', redacted: 'SELECT 1' });
  expect(sql('SELECT $1', ['a'])).toEqual({
    text: 'SELECT $1',
    redacted: 'SELECT $1',
    values: ['a'],
  });
});

test('secrets are sent and never read, wherever and however often they stand', () => {
  const made = secretSql(
    { user: 'alice', password: 'hush' },
    ({ user, password }) =>
      `A ${user} B '${password}' C ${password.toUpperCase()}${password.length}`,
  );
  expect(made).toEqual({
    text: "A alice B 'hush' C HUSH4",
    redacted: "A *** B '***' C ***3",
  });
});

test('nobody changes a statement', () => {
  expect(Object.isFrozen(sql('SELECT 1'))).toBe(true);
  expect(Object.isFrozen(secretSql({ a: 'b' }, ({ a }) => a))).toBe(true);
});
