import * as fc from 'fast-check';
import {
  nameProblem,
  quoteConninfo,
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
  slotNameProblem,
} from '../../lib/postgres';

const LONG = 'é'.repeat(32);

test.each<[string, string]>([
  ['', "'name' must not be empty, got ''; give a name"],
  ['a\0b', '\'name\' cannot contain a NUL character, got "a\\u0000b"; remove it'],
  [
    'a\ud800',
    '\'name\' must be valid Unicode, got half of a surrogate pair ("a\\ud800"); correct it',
  ],
  [LONG, `'name' must be at most 63 bytes in UTF-8, got 64 ("${LONG}"); shorten it`],
])('%j is no name', (name, problem) => {
  expect(nameProblem(name, 'name')).toBe(problem);
  expect(() => quoteIdentifier(name)).toThrow(
    expect.objectContaining({ code: 'INVALID_NAME', message: problem }),
  );
  expect(slotNameProblem(name, 'name')).toBe(problem);
});

test.each(['a', 'A b', '"', "'; DROP TABLE x", '\n', '😀', 'x'.repeat(63), '$1'])(
  '%j is a name',
  (name) => {
    expect(nameProblem(name, 'name')).toBeUndefined();
  },
);

test.each(['A', 'a-b', 'a b', 'ä', 'a\n', '"a"'])('%j is no name of a slot', (name) => {
  expect(slotNameProblem(name, 'slotName')).toBe(
    `'slotName' must consist of lower-case letters, digits and underscores, got ${JSON.stringify(name)}; rename the slot`,
  );
});

test.each(['a', '0', '_', 'pontoon_b2', 'x'.repeat(63)])('%j is a name of a slot', (name) => {
  expect(slotNameProblem(name, 'slotName')).toBeUndefined();
});

test('identifiers are quoted whatever they are', () => {
  expect(quoteIdentifier('orders')).toBe('"orders"');
  expect(quoteIdentifier('select')).toBe('"select"');
  expect(quoteIdentifier('a"b""c')).toBe('"a""b""""c"');
  expect(quoteQualified({ schema: 'S', name: 'a"b' })).toBe('"S"."a""b"');
});

test.each<[string, string]>([
  ['', "''"],
  ["it's", "'it''s'"],
  ['a\\b', " E'a\\\\b'"],
  ["\\'; --", " E'\\\\''; --'"],
])('%j is the literal %s', (text, literal) => {
  expect(quoteLiteral(text)).toBe(literal);
});

test('what no text holds is no literal', () => {
  expect(() => quoteLiteral('secret\0')).toThrow(
    expect.objectContaining({
      code: 'INVALID_LITERAL',
      message: 'a text for PostgreSQL cannot contain a NUL character; remove it',
    }),
  );
  expect(() => quoteLiteral('secret\udfff')).toThrow(
    expect.objectContaining({
      code: 'INVALID_LITERAL',
      message:
        'a text for PostgreSQL must be valid Unicode, got half of a surrogate pair; correct it',
    }),
  );
});

test('conninfo escapes by backslashes', () => {
  expect(quoteConninfo('')).toBe("''");
  expect(quoteConninfo("a'b\\c d")).toBe("'a\\'b\\\\c d'");
});

test('the length of a name is that in UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (name) => {
      fc.pre(!/\0|\p{Surrogate}/u.test(name));
      expect(nameProblem(name, 'name') === undefined).toBe(Buffer.byteLength(name) <= 63);
    }),
  );
});

test('no identifier ends before its end', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 60 }), (name) => {
      fc.pre(nameProblem(name, 'name') === undefined);
      expect(/^"(?:[^"]|"")+"$/.test(quoteIdentifier(name))).toBe(true);
      expect(quoteIdentifier(name).slice(1, -1).replaceAll('""', '"')).toBe(name);
    }),
  );
});
