import fc from 'fast-check';
import type { Client } from 'pg';
import {
  compareTables,
  DIGEST_SESSION,
  type DigestScope,
  digestSql,
  quoteLiteral,
  type ReportedTable,
  reportedTablesSql,
} from '../../lib/postgres';
import { startTestServer, type TestServer } from '../servers';

const SELECTION = { schemas: ['app'] };
const TABLES = {
  keyless: '',
  'by number': 'PRIMARY KEY (id)',
  'by text': 'PRIMARY KEY (a)',
  'by both': 'PRIMARY KEY (id, a)',
};
type TableName = keyof typeof TABLES;

let pg: TestServer;
let clients: readonly [Client, Client];
const scopes = new Map<string, readonly [DigestScope, DigestScope]>();

beforeAll(async () => {
  pg = await startTestServer({ major: 17, settings: { fsync: 'off' } });
  const admin = await pg.client();
  await admin.query('CREATE DATABASE there');
  await admin.query('CREATE DATABASE here');
  clients = await Promise.all([pg.client('there'), pg.client('here')]);
  const reported = await Promise.all(
    clients.map(async (client) => {
      await client.query('CREATE SCHEMA app');
      for (const [name, key] of Object.entries(TABLES)) {
        const columns = ['id bigint', 'a text', 'b text', 'n numeric', 'j jsonb'];
        const constraints = key === '' ? [] : [key];
        await client.query(
          `CREATE TABLE app."${name}" (${[...columns, ...constraints].join(', ')})`,
        );
      }
      await client.query(DIGEST_SESSION.text);
      const { rows } = await client.query<ReportedTable>(reportedTablesSql(SELECTION).text);
      return rows;
    }),
  );
  const [source = [], target = []] = reported;
  const sides = { source: 'there', target: 'here' };
  for (const comparison of compareTables(SELECTION, { source, target }, sides)) {
    if (comparison.kind === 'digest')
      scopes.set(comparison.table.name, [comparison.source, comparison.target]);
  }
});
afterAll(() => pg.stop());

type Row = readonly (string | null)[];

// Values that are equal, that a hash function folds into one, or that another column could hold.
const text = fc.constantFrom('', 'a', 'b', 'ab', ' a', '1', '1.0', '{}');
const row = fc.tuple(
  fc.constantFrom('0', '1', '-1', '-2', '4294967296', '4294967297', '-4294967297', '2'),
  text,
  fc.option(text),
  fc.option(fc.constantFrom('0', '1', '1.0', '1.00', '-1', 'NaN', 'Infinity', '4294967296')),
  fc.option(fc.constantFrom('{}', '[]', '1', '1.0', '"1"', 'null', '{"a":1}', '{"a":1.0}')),
);

const KEYS: Readonly<Record<TableName, (row: Row) => unknown>> = {
  keyless: () => undefined,
  'by number': ([id]) => id,
  'by text': ([, a]) => a,
  'by both': ([id, a]) => `${id} ${a}`,
};

function tables(name: TableName): fc.Arbitrary<readonly Row[]> {
  const limits = { minLength: 1, maxLength: 6 };
  return name === 'keyless'
    ? fc.array(row, limits)
    : fc.uniqueArray(row, { ...limits, selector: KEYS[name] });
}

/** Two tables that have much in common: values change places between rows and columns, rows come twice or go. */
function pairs(name: TableName): fc.Arbitrary<readonly [readonly Row[], readonly Row[]]> {
  const place = fc.nat({ max: 5 });
  const column = fc.nat({ max: 4 });
  return fc
    .tuple(tables(name), place, place, column, fc.nat({ max: 5 }))
    .map(([rows, first, second, at, way]): [readonly Row[], readonly Row[]] => {
      const [i, j] = [first % rows.length, second % rows.length];
      const [one, other] = [rows[i] ?? [], rows[j] ?? []];
      const put = (into: Row, value: string | null | undefined, where = at): Row =>
        into.map((old, index) => (index === where ? (value ?? null) : old));
      switch (way) {
        case 0:
          return [rows, rows.with(i, put(one, other[at])).with(j, put(other, one[at]))];
        case 1:
          return [rows, rows.with(i, put(put(one, one[2], 1), one[1], 2))];
        case 2:
          return [rows, [...rows, one]];
        case 3:
          return [rows, rows.toSpliced(i, 1)];
        case 4:
          return [rows, rows.with(i, put(one, other[at]))];
        default:
          return [rows, rows.toReversed()];
      }
    });
}

async function fill(client: Client, name: TableName, rows: readonly Row[]): Promise<void> {
  const values = rows.map(
    (each) => `(${each.map((v) => (v === null ? 'NULL' : quoteLiteral(v))).join(', ')})`,
  );
  const insert = rows.length === 0 ? '' : `; INSERT INTO app."${name}" VALUES ${values.join(', ')}`;
  await client.query(`DELETE FROM app."${name}"${insert}`);
}

async function digest(client: Client, scope: DigestScope | undefined): Promise<unknown> {
  if (scope === undefined) throw new Error('the table must be compared');
  return (await client.query(digestSql(scope).text)).rows[0];
}

const contents = (rows: readonly Row[]): string[] =>
  rows.map((each) => JSON.stringify(each)).sort();

test.each(Object.keys(TABLES) as TableName[])(
  'digests of a table %s are the same exactly if its rows are',
  async (name) => {
    const [there, here] = clients;
    const keyOf = KEYS[name];
    const valid = (rows: readonly Row[]): boolean =>
      name === 'keyless' ||
      (new Set(rows.map(keyOf)).size === rows.length &&
        rows.every(([id, a]) => id !== null && a !== null));
    const readable = (rows: readonly Row[]): boolean =>
      rows.every(([id, , , n, j]) => isWhole(id) && isNumeric(n) && isJson(j));
    await fc.assert(
      fc.asyncProperty(
        pairs(name).filter(([a, b]) => valid(a) && valid(b) && readable(b)),
        async ([source, target]) => {
          await Promise.all([fill(there, name, source), fill(here, name, target)]);
          const [sourceScope, targetScope] = scopes.get(name) ?? [];
          const digests = await Promise.all([
            digest(there, sourceScope),
            digest(here, targetScope),
          ]);
          const sameRows = JSON.stringify(contents(source)) === JSON.stringify(contents(target));
          const sameDigests = JSON.stringify(digests[0]) === JSON.stringify(digests[1]);
          expect(sameDigests).toBe(sameRows);
        },
      ),
      { numRuns: 250 },
    );
  },
);

// Values that changed places must still be what their column can hold.
function isWhole(value: string | null | undefined): boolean {
  return value === null || /^-?\d+$/.test(value ?? '');
}

function isNumeric(value: string | null | undefined): boolean {
  return value === null || (value !== '' && !Number.isNaN(Number(value))) || value === 'NaN';
}

function isJson(value: string | null | undefined): boolean {
  return value === null || /^["{[\dn]/.test(value ?? '');
}
