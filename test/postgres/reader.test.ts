import { Problems, Reader } from '../../lib/postgres';

/** What `read` makes of `input`, and what is wrong with it. */
function reading<Result>(input: unknown, read: (reader: Reader) => Result, path = 'spec') {
  const problems = new Problems();
  const reader = new Reader(input, path, problems);
  const result = read(reader);
  return { result, problems: problems.list() };
}

test('reads what CloudFormation turned into texts as what it was', () => {
  const input = { port: '5432', on: 'true', off: 'false', text: 'a', list: ['1'] };
  const { result, problems } = reading(input, (reader) => [
    reader.integer('port', 1),
    reader.flag('on', false),
    reader.flag('off', true),
    reader.text('text'),
    reader.texts('list'),
  ]);
  expect(problems).toEqual([]);
  expect(result).toEqual([5432, true, false, 'a', ['1']]);
});

test('reads JSON as it is', () => {
  const input = { port: 5432, on: true, number: 1, flag: false };
  const { result, problems } = reading(input, (reader) => [
    reader.integer('port', 1),
    reader.flag('on', false),
    reader.text('number'),
    reader.text('flag'),
  ]);
  expect(problems).toEqual([]);
  expect(result).toEqual([5432, true, '1', 'false']);
});

test('knows what was left out', () => {
  const { result, problems } = reading({ empty: [] }, (reader) => [
    reader.optionalText('a'),
    reader.flag('b', true),
    reader.texts('c'),
    reader.optionalTexts('d'),
    reader.optionalTexts('empty'),
    reader.names('e'),
    reader.choices('f', ['x']),
    reader.list('g', () => 1),
    reader.optionalObject('h', () => 1),
    reader.choice('i', ['x', 'y'], 'y'),
  ]);
  expect(problems).toEqual([]);
  expect(result).toEqual([undefined, true, [], undefined, [], [], [], [], undefined, 'y']);
});

test.each<[string, unknown, (reader: Reader) => unknown, string[]]>([
  ['text left out', {}, (r) => r.text('a'), ["'spec.a' must be given, got nothing; add it"]],
  ['text null', { a: null }, (r) => r.text('a'), ["'spec.a' must be a text, got null; quote it"]],
  [
    'text list',
    { a: ['b'] },
    (r) => r.text('a'),
    ['\'spec.a\' must be a text, got ["b"]; quote it'],
  ],
  [
    'choice',
    { a: 'z' },
    (r) => r.choice('a', ['x', 'y']),
    ["'spec.a' must be one of 'x', 'y', got \"z\"; pick one"],
  ],
  [
    'choice left out',
    {},
    (r) => r.choice('a', ['x', 'y']),
    ["'spec.a' must be one of 'x', 'y', got nothing; pick one"],
  ],
  [
    'choices',
    { a: ['x', 'z'] },
    (r) => r.choices('a', ['x', 'y']),
    ["'spec.a' must name only 'x', 'y', got [\"x\",\"z\"]; correct the list"],
  ],
  ['name', { a: '' }, (r) => r.name('a'), ["'spec.a' must not be empty, got ''; give a name"]],
  ['name left out', {}, (r) => r.name('a'), ["'spec.a' must be given, got nothing; add it"]],
  [
    'names',
    { a: ['b', 'c\0'] },
    (r) => r.names('a'),
    ['\'spec.a[1]\' cannot contain a NUL character, got "c\\u0000"; remove it'],
  ],
  [
    'slot name',
    { a: 'B' },
    (r) => r.slotName('a'),
    [
      '\'spec.a\' must consist of lower-case letters, digits and underscores, got "B"; rename the slot',
    ],
  ],
  ...(['x', '1.5', '', 1.5, 0, '0', true, '9007199254740993'] as const).map(
    (value): [string, unknown, (reader: Reader) => unknown, string[]] => [
      `integer ${JSON.stringify(value)}`,
      { a: value },
      (r) => r.integer('a', 1),
      [`'spec.a' must be a whole number of at least 1, got ${JSON.stringify(value)}; correct it`],
    ],
  ),
  [
    'integer left out',
    {},
    (r) => r.integer('a', 1),
    ["'spec.a' must be a whole number of at least 1, got nothing; correct it"],
  ],
  [
    'flag',
    { a: 'yes' },
    (r) => r.flag('a', false),
    ['\'spec.a\' must be true or false, got "yes"; correct it'],
  ],
  [
    'texts',
    { a: ['b', 1] },
    (r) => r.texts('a'),
    ['\'spec.a\' must be a list of texts, got ["b",1]; write it as [ … ]'],
  ],
  [
    'list',
    { a: {} },
    (r) => r.list('a', () => 1),
    ["'spec.a' must be a list, got {}; write it as [ … ]"],
  ],
  [
    'list of objects',
    { a: [{ b: 1 }, 2] },
    (r) => r.list('a', () => 1),
    [
      "'spec.a[0].b' is not known here; remove it or correct its name",
      "'spec.a[1]' must be an object, got 2; give its properties by name",
    ],
  ],
  [
    'object left out',
    {},
    (r) => r.object('a', () => 1),
    ["'spec.a' must be an object, got nothing; give its properties by name"],
  ],
  [
    'optional object',
    { a: [] },
    (r) => r.optionalObject('a', () => 1),
    ["'spec.a' must be an object, got []; give its properties by name"],
  ],
  [
    'map of texts',
    { a: { b: 1, c: {} } },
    (r) => r.textMap('a'),
    ["'spec.a.c' must be a text, got {}; quote it"],
  ],
  ['what a check says', {}, (r) => r.check('a', (what) => [`${what} is odd`]), ['spec.a is odd']],
  [
    'what a reader refuses',
    { a: 1 },
    (r) => r.refuse('a', 'must be even', 'add one'),
    ["'spec.a' must be even, got 1; add one"],
  ],
  [
    'what nobody asked for',
    { a: 1, b: 2 },
    (r) => {
      r.text('a');
      r.refuseTheRest();
    },
    ["'spec.b' is not known here; remove it or correct its name"],
  ],
  [
    'no object at all',
    'text',
    (r) => r.optionalText('a'),
    ['\'spec\' must be an object, got "text"; give its properties by name'],
  ],
])('%s', (_what, input, read, expected) => {
  expect(reading(input, read).problems).toEqual(expected);
});

test('reads maps of texts and leaves nothing over', () => {
  const { result, problems } = reading({ a: { 'x.y': 1, constructor: 'b' } }, (reader) => {
    const map = reader.textMap('a');
    reader.refuseTheRest();
    return map;
  });
  expect(problems).toEqual([]);
  expect(result).toEqual({ 'x.y': '1', constructor: 'b' });
});

test('hands everything on to a reader that comes later', () => {
  const { result, problems } = reading({ a: 1 }, (reader) => {
    const all = reader.everything();
    reader.refuseTheRest();
    return all;
  });
  expect(problems).toEqual([]);
  expect(result).toEqual({ a: 1 });
});

test('names a property at the top by itself', () => {
  expect(reading({}, (reader) => reader.text('a'), '').problems).toEqual([
    "'a' must be given, got nothing; add it",
  ]);
});

test('says of what is no object only that it is none', () => {
  const { result, problems } = reading({ a: 1 }, (reader) => {
    const read = reader.object('a', (nested) => [
      nested.text('b'),
      nested.object('c', (deeper) => deeper.integer('d', 1)),
    ]);
    reader.refuseTheRest();
    return read;
  });
  expect(problems).toEqual(["'spec.a' must be an object, got 1; give its properties by name"]);
  expect(result).toEqual(['', 1]);
  expect(reading(7, (reader) => reader.text('a'), '').problems).toEqual([
    "'input' must be an object, got 7; give its properties by name",
  ]);
});
