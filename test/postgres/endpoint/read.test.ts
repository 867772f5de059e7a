import fc from 'fast-check';
import {
  describeEndpoint,
  endpointServers,
  PontoonError,
  parseEndpoint,
  sideOf,
  ValidationError,
} from '../../../lib/postgres';

const record = {
  kind: 'route53-record',
  hostedZoneId: 'Z0123456789ABC',
  recordName: 'db.shop.example',
  sides: { onPremises: 'a.corp.example', aurora: 'c.cluster.example' },
};
const secret = {
  kind: 'secret',
  secret: 'shop/db',
  sides: {
    onPremises: { host: '10.1.2.3', port: '5432', database: 'shop' },
    aurora: { host: 'c.example', port: 5433, database: 'shop' },
  },
};
const proxy = {
  kind: 'rds-proxy',
  proxy: 'shop-proxy',
  sides: { old: 'shop-15', new: 'shop-17' },
};
const command = {
  kind: 'command',
  activate: ['/usr/local/bin/lb', 'use', '{side}'],
  active: ['/usr/local/bin/lb', 'which'],
  sides: { onPremises: 'blue', aurora: 'green' },
};

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PontoonError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('each kind is read, with its defaults', () => {
  expect(parseEndpoint(record)).toEqual({ ...record, ttlSeconds: 5 });
  expect(parseEndpoint({ ...record, ttlSeconds: '0' })).toEqual({ ...record, ttlSeconds: 0 });
  expect(parseEndpoint(secret)).toEqual({
    ...secret,
    sides: {
      ...secret.sides,
      onPremises: { host: '10.1.2.3', port: 5432, database: 'shop' },
    },
  });
  expect(parseEndpoint(proxy)).toEqual({ ...proxy, targetGroup: 'default' });
  expect(parseEndpoint(command)).toEqual(command);
});

test('what was read can be read again', () => {
  for (const input of [record, secret, proxy, command]) {
    const spec = parseEndpoint(input);
    expect(parseEndpoint(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  }
});

test('an endpoint is described by what people know it by', () => {
  expect(
    [record, secret, proxy, command].map((input) => describeEndpoint(parseEndpoint(input))),
  ).toEqual([
    "record 'db.shop.example'",
    "the address in secret 'shop/db'",
    "proxy 'shop-proxy'",
    "the endpoint of command '/usr/local/bin/lb'",
  ]);
  expect(endpointServers(parseEndpoint(proxy))).toEqual(['old', 'new']);
});

test('a server that is no side is refused, whatever objects inherit', () => {
  const { sides } = proxy;
  expect(sideOf(sides, 'new')).toBe('shop-17');
  for (const server of ['standby', 'constructor', '__proto__']) {
    expect(messageOf(() => sideOf(sides, server))).toBe(
      `'server' must be a side of the endpoint, got '${server}'; name one of 'old', 'new'`,
    );
  }
});

test('all problems of a record are told at once', () => {
  const input = {
    kind: 'route53-record',
    hostedZoneId: '/hostedzone/Z1',
    recordName: 'db',
    ttlSeconds: -1,
    sides: { onPremises: '10.1.2.3', aurora: '-c.example', third: 'x.example' },
    weight: 1,
  };
  expect(messageOf(() => parseEndpoint(input))).toBe(
    `endpoint has 7 problems:
- 'endpoint.ttlSeconds' must be a whole number of at least 0, got -1; correct it
- 'endpoint.sides.onPremises' must be a host name, got "10.1.2.3"; a CNAME record cannot lead to an address; give the server a name
- 'endpoint.sides.aurora' must be a full host name such as db.shop.example, got "-c.example"; correct it
- 'endpoint.sides' must be given for exactly two servers of the topology, got 'onPremises', 'aurora', 'third'; an endpoint is switched between two
- 'endpoint.hostedZoneId' must be a hosted zone's id, Z with capitals and digits, got "/hostedzone/Z1"; copy it from the zone
- 'endpoint.recordName' must be a full host name such as db.shop.example, got "db"; correct it
- 'endpoint.weight' is not known here; remove it or correct its name`,
  );
});

test('sides that nobody can tell apart are refused', () => {
  const same = { ...record, sides: { onPremises: 'DB.example.', aurora: 'db.example' } };
  expect(messageOf(() => parseEndpoint(same))).toBe(
    `endpoint: 'endpoint.sides' must differ, got the same twice; nobody could tell which one is active`,
  );
  const ports = {
    ...secret,
    sides: { a: { host: 'h.example', port: 1 }, b: { host: 'h.example', port: 2 } },
  };
  expect(parseEndpoint(ports)).toEqual(ports);
  expect(messageOf(() => parseEndpoint({ ...proxy, sides: { old: 'Shop', new: 'shop' } }))).toBe(
    `endpoint: 'endpoint.sides' must differ, got the same twice; nobody could tell which one is active`,
  );
});

test("a secret's side needs a host, a port, and a database on both sides or none", () => {
  const input = {
    kind: 'secret',
    sides: { a: { host: 'a', port: 70_000, database: 'd' }, b: { port: 1, password: 'p' } },
  };
  expect(messageOf(() => parseEndpoint(input))).toBe(
    `endpoint has 5 problems:
- 'endpoint.secret' must be given, got nothing; add it
- 'endpoint.sides.a.port' must be at most 65535, got 70000; correct it
- 'endpoint.sides.b.host' must be given, got nothing; add it
- 'endpoint.sides.b.password' is not known here; remove it or correct its name
- 'endpoint.sides' must give 'database' for both sides or for none, got one; complete or remove it, or a switch back keeps the other's database`,
  );
});

test('names of RDS are identifiers', () => {
  const input = { ...proxy, proxy: 'arn:aws:rds', sides: { old: 'a--b', new: 'x.example' } };
  expect(messageOf(() => parseEndpoint(input))).toBe(
    `endpoint has 3 problems:
- 'endpoint.sides.old' must be a name of at most 63 letters, digits and single hyphens, got "a--b"; copy the identifier, not an ARN or an address
- 'endpoint.sides.new' must be a name of at most 63 letters, digits and single hyphens, got "x.example"; copy the identifier, not an ARN or an address
- 'endpoint.proxy' must be a name of at most 63 letters, digits and single hyphens, got "arn:aws:rds"; copy the identifier, not an ARN or an address`,
  );
});

test('a command is a program with its arguments', () => {
  const input = {
    ...command,
    activate: ['{side}'],
    active: [],
    sides: { onPremises: 'two words', aurora: 'green' },
  };
  expect(messageOf(() => parseEndpoint(input))).toBe(
    `endpoint has 3 problems:
- 'endpoint.sides.onPremises' must be one word, got "two words"; the command prints it as a line of its own; use no spaces
- 'endpoint.activate' cannot choose the program by '{side}', got ["{side}"]; put it into an argument
- 'endpoint.active' must name a program, got []; write it as ["program", "argument", …]`,
  );
});

test('what is no endpoint is told as such', () => {
  expect(messageOf(() => parseEndpoint({ ...record, kind: 'dns' }))).toBe(
    `endpoint: 'endpoint.kind' must be one of 'route53-record', 'secret', 'rds-proxy', 'oci-network-load-balancer', 'oci-private-dns-record', 'command', got "dns"; pick one`,
  );
});

test('whatever is given is read or refused with its problems', () => {
  const value = fc.oneof(
    fc.constantFrom('a.example', 'b.example', 'Z123', 'blue', 5432, '5432'),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const sides = fc.oneof(
    value,
    fc.dictionary(
      fc.oneof(fc.constantFrom('__proto__', 'constructor', 'a', 'b'), fc.string()),
      value,
    ),
  );
  const input = fc.record(
    {
      kind: fc.constantFrom('route53-record', 'secret', 'rds-proxy', 'command', 'x'),
      hostedZoneId: value,
      recordName: value,
      ttlSeconds: value,
      secret: value,
      proxy: value,
      targetGroup: value,
      activate: fc.oneof(value, fc.array(value)),
      active: fc.oneof(value, fc.array(value)),
      sides,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(input, fc.anything()), (given) => {
      try {
        const spec = parseEndpoint(given);
        expect(endpointServers(spec)).toHaveLength(2);
        expect(parseEndpoint(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        expect(error.problems.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 500 },
  );
});
