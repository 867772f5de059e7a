import fc from 'fast-check';
import { type SequenceState, sequencePosition, setSequences } from '../../../lib/postgres';

const ASCENDING: SequenceState = {
  schema: 'shop',
  name: 'orders_id_seq',
  lastValue: '41',
  isCalled: true,
  increment: '1',
  min: '1',
  max: '9223372036854775807',
  cycle: false,
};

test.each<[string, Partial<SequenceState>, string, boolean]>([
  ['goes on ahead of the last value', {}, '141', true],
  ['goes down if it descends', { increment: '-2', min: '-1000', max: '41' }, '-159', true],
  ['stays as it is if nobody called it', { lastValue: '1', isCalled: false }, '1', false],
  ['stays exhausted at its limit', { lastValue: '99', max: '99' }, '99', true],
  ['stays where the margin leaves no room', { lastValue: '50', max: '99' }, '50', true],
  ['still cycles', { lastValue: '98', max: '99', cycle: true }, '98', true],
  [
    'keeps what no JavaScript number holds',
    { lastValue: '9007199254740993' },
    '9007199254741093',
    true,
  ],
])('a sequence %s', (_what, state, lastValue, isCalled) => {
  expect(sequencePosition({ ...ASCENDING, ...state }, 100)).toEqual({
    schema: 'shop',
    name: 'orders_id_seq',
    lastValue,
    isCalled,
  });
});

test('a position never lies outside of the limits, nor behind the last value', () => {
  const bigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(
      fc.tuple(bigint, bigint, bigint),
      fc.bigInt({ min: -1000n, max: 1000n }).filter((increment) => increment !== 0n),
      fc.nat(100_000),
      (bounds, increment, margin) => {
        const [min = 0n, last = 0n, max = 0n] = [...bounds].sort((a, b) => (a < b ? -1 : 1));
        const { lastValue } = sequencePosition(
          {
            ...ASCENDING,
            lastValue: String(last),
            increment: String(increment),
            min: String(min),
            max: String(max),
          },
          margin,
        );
        const moved = BigInt(lastValue) - last;
        expect(BigInt(lastValue) >= min && BigInt(lastValue) <= max).toBe(true);
        expect(increment > 0n ? moved >= 0n : moved <= 0n).toBe(true);
      },
    ),
  );
});

test('sequences are set by names that nothing escapes from', () => {
  expect(
    setSequences([
      { schema: 'shop', name: `o'r"d`, lastValue: '7', isCalled: true },
      { schema: 'shop', name: 'x', lastValue: '-3', isCalled: false },
    ]).text,
  ).toBe(
    `SELECT pg_catalog.setval('"shop"."o''r""d"'::pg_catalog.regclass, 7, true), pg_catalog.setval('"shop"."x"'::pg_catalog.regclass, -3, false)`,
  );
});
