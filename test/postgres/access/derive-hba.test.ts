import * as fc from 'fast-check';
import { createTopology, deriveHba, type HbaRule, readHba, renderHba } from '../../../lib/postgres';
import { hybridChain } from '../hybrid-chain';

const CHAIN = hybridChain();

test('admits whoever opens a connection, and nobody else', () => {
  const lines = deriveHba(CHAIN, 'onPremises', {
    administrator: 'admin',
    addresses: { runner: ['10.0.1.0/24', '10.0.2.0/24'], standby: ['10.0.3.7/32'] },
  });
  expect(renderHba(lines)).toBe(`# runner: objects, preflight and metrics
hostssl "shop" "admin" 10.0.1.0/24 scram-sha-256
# runner: objects, preflight and metrics
hostssl "shop" "admin" 10.0.2.0/24 scram-sha-256
# standby: base backup and streaming
hostssl replication "pontoon_standby" 10.0.3.7/32 scram-sha-256
`);
});

test('takes roles of the user’s own', () => {
  const lines = deriveHba(CHAIN, 'standby', {
    administrator: 'admin',
    addresses: { runner: ['10.0.1.0/24'], dms: ['10.0.2.0/24'] },
    roles: { dms: 'copier' },
  });
  expect(lines.map(({ user, address }) => [user, address])).toEqual([
    ['admin', '10.0.1.0/24'],
    ['copier', '10.0.2.0/24'],
  ]);
});

test('names the roles of a topology with a prefix of its own', () => {
  const chain = createTopology({ ...CHAIN, namePrefix: 'orders' });
  const rules = (server: string) =>
    deriveHba(chain, server, {
      administrator: 'admin',
      addresses: { runner: ['10.0.1.0/24'], standby: ['10.0.3.7/32'], dms: ['10.0.2.0/24'] },
    }).map(({ user }) => user);
  expect(rules('onPremises')).toEqual(['admin', 'orders_standby']);
  expect(rules('standby')).toEqual(['admin', 'orders_reader']);
});

test('names everybody whose address is missing', () => {
  expect(() => deriveHba(CHAIN, 'standby', { administrator: 'admin', addresses: {} })).toThrow(
    new Error(`access to 'standby' has 2 problems:
- 'addresses.runner' must be given, since 'runner' connects to 'standby' for objects, preflight and metrics, got nothing; name its network
- 'addresses.dms' must be given, since 'dms' connects to 'standby' for full load and decoding, got nothing; name its network`),
  );
});

test('reads back what was rendered, whatever the names are', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => !/^\/|[\0\r\n]/.test(text) && Buffer.byteLength(text) <= 63);
  const rule = fc.record({
    database: name,
    physical: fc.boolean(),
    user: name,
    address: fc.constantFrom('10.0.1.0/24', 'fd00::/64'),
    purpose: fc.constantFrom('a reason', 'another'),
  });
  fc.assert(
    fc.property(fc.array(rule), (rules: HbaRule[]) => {
      const named = rules.map((one) => (one.physical ? { ...one, database: 'replication' } : one));
      expect(readHba(renderHba(named))).toEqual(named);
    }),
  );
});

test('reads no line that it did not write', () => {
  expect(() => readHba('host all all 0.0.0.0/0 trust')).toThrow(
    new Error(
      'a line for pg_hba.conf must be one of this library\'s, got "host all all 0.0.0.0/0 trust"; synthesize again',
    ),
  );
});
