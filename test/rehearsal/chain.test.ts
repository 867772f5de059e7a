import { createTopology, LinkKind, Platform, WalLevel } from '../../lib/postgres';
import { readChain } from '../../lib/rehearsal/chain';

const server = { platform: Platform.SELF_MANAGED, majorVersion: 17, database: 'shop' };
const servers = {
  a: { ...server, walLevel: WalLevel.LOGICAL },
  b: { ...server, platform: Platform.EC2 },
  c: { ...server, platform: Platform.AURORA },
};
const selection = { schemas: ['shop'] };

test('finds the source behind the standby', () => {
  const topology = createTopology({
    servers,
    links: [
      { kind: LinkKind.PHYSICAL, from: 'a', to: 'b' },
      { kind: LinkKind.NATIVE, from: 'b', to: 'c', selection },
    ],
  });
  expect(readChain(topology)).toEqual({
    source: 'a',
    standby: 'b',
    target: 'c',
    selection,
    kind: LinkKind.NATIVE,
    shared: false,
  });
});

test('links that share the tables are one chain', () => {
  const orders = { schema: 'shop', name: 'orders' };
  const topology = createTopology({
    servers: { a: servers.a, c: servers.c },
    links: [
      { kind: LinkKind.NATIVE, from: 'a', to: 'c', selection: { ...selection, exclude: [orders] } },
      {
        kind: LinkKind.NATIVE,
        from: 'a',
        to: 'c',
        part: 'orders',
        selection: { tables: [orders] },
      },
    ],
  });
  expect(readChain(topology)).toMatchObject({ source: 'a', target: 'c', selection, shared: true });
});

test('a chain needs a link that replicates tables', () => {
  const topology = createTopology({
    servers: { a: servers.a, b: servers.b },
    links: [{ kind: LinkKind.PHYSICAL, from: 'a', to: 'b' }],
  });
  expect(() => readChain(topology)).toThrow(
    'a migration must have one link that replicates tables to be rehearsed, got none; rehearse it once the standby was promoted',
  );
});

test('a chain cannot have several links that replicate tables', () => {
  const topology = createTopology({
    servers: { ...servers, d: servers.c },
    links: [
      { kind: LinkKind.NATIVE, from: 'a', to: 'c', selection },
      { kind: LinkKind.NATIVE, from: 'a', to: 'd', selection },
    ],
  });
  expect(() => readChain(topology)).toThrow(
    new Error(
      "a migration must have one link that replicates tables to be rehearsed, got 'a' to 'c', 'a' to 'd'; rehearse each target by a migration of its own",
    ),
  );
});
