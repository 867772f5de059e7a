import { inspect } from 'node:util';
import { createSecret } from '../../lib/postgres';

const secret = createSecret({ username: 'alice', password: 'hush', port: 5432, version: '1' });

test('a password is there for who asks', () => {
  expect(secret.password).toBe('hush');
});

test.each([
  ['JSON.stringify', () => JSON.stringify({ secret })],
  ['util.inspect', () => inspect({ secret })],
  [
    'util.inspect of everything',
    () => inspect(secret, { showHidden: true, depth: null, getters: true }),
  ],
  [
    'util.inspect without its hook',
    () => inspect(secret, { customInspect: false, showHidden: true }),
  ],
  ['a template', () => `${secret}`],
  ['an error', () => inspect(new Error('failed', { cause: secret }))],
  ['a copy', () => JSON.stringify({ ...secret })],
])('%s does not show it', (_how, show) => {
  expect(show()).not.toContain('hush');
});

test('the rest is shown', () => {
  expect(JSON.parse(JSON.stringify(secret))).toEqual({
    username: 'alice',
    password: '***',
    port: 5432,
    version: '1',
  });
  expect(String(secret)).toBe('alice:***');
});
