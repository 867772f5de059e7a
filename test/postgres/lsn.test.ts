import * as fc from 'fast-check';
import { formatLsn, lsnDistance, parseLsn } from '../../lib/postgres';

test.each<[string, bigint]>([
  ['0/0', 0n],
  ['0/1', 1n],
  ['1/0', 1n << 32n],
  ['16/B374D848', 0x16b374d848n],
  ['16/b374d848', 0x16b374d848n],
  ['FFFFFFFF/FFFFFFFF', (1n << 64n) - 1n],
])('%s is %i', (lsn, position) => {
  expect(parseLsn(lsn)).toBe(position);
  expect(formatLsn(position)).toBe(lsn.toUpperCase());
});

test.each(['', '16', '16/', '/1', '0/123456789', '0x1/1', ' 0/1', '0/1\n', 'G/0', '-1/0'])(
  '%j is no position',
  (lsn) => {
    expect(() => parseLsn(lsn)).toThrow(
      expect.objectContaining({
        code: 'INVALID_LSN',
        message: `a log position must look like '16/B374D848', got ${JSON.stringify(lsn)}; take it from pg_current_wal_lsn()`,
      }),
    );
  },
);

test('distances have a direction', () => {
  expect(lsnDistance('0/FFFFFFFF', '1/0')).toBe(1n);
  expect(lsnDistance('1/0', '0/FFFFFFFF')).toBe(-1n);
  expect(lsnDistance('A/B', 'A/B')).toBe(0n);
});

test('writes what it reads', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (position) => {
      expect(parseLsn(formatLsn(position))).toBe(position);
    }),
  );
});
