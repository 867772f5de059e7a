import {
  type Capability,
  capabilitySince,
  KNOWN_MAJORS,
  knownMajor,
  requireCapability,
  supports,
} from '../../lib/postgres';

test.each<[Capability, number]>([
  ['row-filter', 15],
  ['column-list', 15],
  ['standby-logical-decoding', 16],
  ['subscription-origin', 16],
  ['slot-failover', 17],
  ['slot-invalidation-reason', 17],
  ['idle-slot-timeout', 18],
])('%s came with PostgreSQL %i', (capability, major) => {
  expect(capabilitySince(capability)).toBe(major);
  expect(supports(major - 1, capability)).toBe(false);
  expect(supports(major, capability)).toBe(true);
  expect(supports(major + 1, capability)).toBe(true);
});

test('what is missing is refused with the way out', () => {
  const use = { what: 'failover', wayOut: "remove 'failover' or upgrade the publisher first" };
  expect(() => requireCapability(16, 'slot-failover', use)).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED',
      message:
        "'failover' requires PostgreSQL 17 or later, got 16; remove 'failover' or upgrade the publisher first",
    }),
  );
  expect(() => requireCapability(17, 'slot-failover', use)).not.toThrow();
});

test.each([
  [13, 'too-old'],
  [KNOWN_MAJORS.oldest, 'known'],
  [KNOWN_MAJORS.newest, 'known'],
  [19, 'unchecked'],
])('PostgreSQL %i is %s', (major, known) => {
  expect(knownMajor(major)).toBe(known);
});
