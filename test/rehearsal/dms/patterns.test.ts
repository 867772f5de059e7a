import { matches } from '../../../lib/rehearsal/dms/locator';

test.each([
  ['%', 'anything', true],
  ['order%', 'orders', true],
  ['my[_]app', 'my_app', true],
  ['my[_]app', 'myXapp', false],
  ['my_app', 'myXapp', true],
  ['my_app', 'myapp', false],
  ['[ab]c', 'bc', true],
  ['[a-c]d', 'bd', true],
  ['[ab]c', 'cc', false],
  ['a.b', 'axb', false],
  ['a(b', 'a(b', true],
  ['größe_', 'größe💧', true],
])('%s on %s: %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});
