import type { Client } from 'pg';
import type { Connection, DigestScope } from '../../lib/postgres';
import { staticSecrets, type VerificationState, verifyTables } from '../../lib/runner';
import { guessedAfter, type Range } from '../../lib/runner/verify/look';
import { startTestServer, type TestServer } from '../servers';

const SCOPE: DigestScope = {
  table: { schema: 'app', name: 't' },
  only: true,
  columns: [{ name: 'id' }],
  rowFilters: [],
  key: [{ name: 'id', type: 'pg_catalog.int8' }],
  ordered: true,
};

function range(after: string | undefined, upTo: string | undefined): Range {
  return {
    kind: 'range',
    ...(after === undefined ? {} : { after: [after] }),
    ...(upTo === undefined ? {} : { upTo: [upTo] }),
  };
}

describe('a range is guessed', () => {
  test.each([
    ['as wide as its rows', range('0', '100'), 100, 50, range('100', '150')],
    ['wider where rows are missing', range('-200', '-50'), 100, 100, range('-50', '100')],
    [
      'to the last number',
      range('9223372036854775797', '9223372036854775802'),
      5,
      5,
      range('9223372036854775802', '9223372036854775807'),
    ],
    ['not beyond it', range('9223372036854775797', '9223372036854775802'), 5, 6, undefined],
    ['not where it could have more than twice the rows', range('0', '201'), 100, 100, undefined],
    ['not after a gap', range('0', '100'), 0, 100, undefined],
    ['not where nobody knows where the first row is', range(undefined, '100'), 100, 100, undefined],
    ['not after the last one', range('100', undefined), 10, 100, undefined],
  ])('%s', (_, before, had, rows, guessed) => {
    expect(guessedAfter(SCOPE, before, had, rows)).toEqual(guessed);
  });

  test('not where the key is no whole number, or rows are left out', () => {
    const before = range('0', '100');
    const text = { ...SCOPE, key: [{ name: 'id' }] };
    expect(guessedAfter(text, before, 100, 100)).toBeUndefined();
    expect(guessedAfter({ ...SCOPE, ordered: false }, before, 100, 100)).toBeUndefined();
  });
});

describe('on servers', () => {
  let servers: readonly [TestServer, TestServer];
  let source: Client;
  let target: Client;

  beforeAll(async () => {
    servers = await Promise.all([
      startTestServer({ name: 'onPremises', major: 14 }),
      startTestServer({ name: 'aurora', major: 18 }),
    ]);
    [source, target] = await Promise.all([servers[0].client(), servers[1].client()]);
    await both('CREATE SCHEMA app');
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  async function both(text: string): Promise<void> {
    await Promise.all([source.query(text), target.query(text)]);
  }

  async function verify(onState: (state: VerificationState) => void = () => undefined) {
    const [there, here] = servers.map(
      ({ server }): Connection => ({
        server: server.name,
        host: '127.0.0.1',
        port: server.port,
        database: 'postgres',
        secret: server.name,
        sslMode: 'verify-full',
        caCertificate: server.caCertificate,
      }),
    );
    if (there === undefined || here === undefined) throw new Error('two servers are needed');
    const secrets = staticSecrets(
      Object.fromEntries(
        servers.map(({ server: { name, superuser } }) => [
          name,
          { username: superuser.user, password: superuser.password },
        ]),
      ),
    );
    const read: number[] = [];
    const { tables } = await verifyTables({
      source: there,
      target: here,
      secrets,
      selection: { schemas: ['app'] },
      chunkRows: 100,
      settleMs: 0,
      onProgress: ({ rows }) => read.push(rows),
      onState,
    });
    const most = Math.max(...read.map((rows, index) => rows - (read[index - 1] ?? 0)));
    return { result: tables[0], most };
  }

  test('dense, thin and empty stretches of keys are all read once, and in bounded pieces', async () => {
    await both('CREATE TABLE app.t (id bigint PRIMARY KEY, note text)');
    // Every number; every other one but for a dense stretch; a gap; one in a thousand; dense again up to the very last.
    await both(`
      INSERT INTO app.t SELECT g, 'a' FROM generate_series(-1000, 1000) g;
      INSERT INTO app.t SELECT g, 'b' FROM generate_series(1002, 3000, 2) g;
      INSERT INTO app.t SELECT g, 'c' FROM generate_series(3001, 4000) g;
      INSERT INTO app.t SELECT g, 'd' FROM generate_series(5000000, 5500000, 1000) g;
      INSERT INTO app.t SELECT 9223372036854775807 - g, 'e' FROM generate_series(0, 1234) g`);
    const rows = 2001 + 1000 + 1000 + 501 + 1235;

    const same = await verify();
    expect(same.result).toMatchObject({ status: 'same', sourceRows: rows, targetRows: rows });
    expect(same.most).toBeGreaterThan(0);
    expect(same.most).toBeLessThanOrEqual(200);

    await target.query(`
      INSERT INTO app.t VALUES (-2000, 'before'), (1001, 'between'), (4500000, 'in the gap');
      DELETE FROM app.t WHERE id = 9223372036854775807;
      UPDATE app.t SET note = 'other' WHERE id = 3500`);
    expect((await verify()).result).toMatchObject({
      status: 'differs',
      sourceRows: rows,
      targetRows: rows + 2,
      differences: [
        { key: ['-2000'], on: 'target' },
        { key: ['1001'], on: 'target' },
        { key: ['3500'], on: 'both' },
        { key: ['4500000'], on: 'target' },
        { key: ['9223372036854775807'], on: 'source' },
      ],
    });
  });
});
