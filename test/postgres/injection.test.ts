// Whatever a name or a value is, the server holds exactly that, or it was refused, and nothing else is there.
import * as fc from 'fast-check';
import type { Client } from 'pg';
import { PontoonError, readSpec } from '../../lib/postgres';
import { apply, drop, staticSecrets } from '../../lib/runner';
import { ALL } from '../faults/matrix';
import { startTestServer, TEST_MAJORS, type TestServer } from '../servers';

const OWNER = 'stack/injection';
const RUNS = { numRuns: ALL ? 25 : 10 };

/** Pieces out of which a careless program would build something else. */
const PIECE = fc.oneof(
  fc.constantFrom(
    '"',
    '""',
    "'",
    "''",
    '\\',
    "\\'",
    '; DROP TABLE canary.rows; --',
    '"; DROP TABLE canary.rows; --',
    "'; DROP TABLE canary.rows; --",
    '$$',
    '$body$',
    '%I',
    '%s',
    '/*',
    '*/',
    '--',
    '\n',
    '\t',
    '${x}',
    '$1',
    ', canary.rows',
    ') TO PUBLIC',
    'NONE',
    'public',
    'Ä',
    '😀',
    '\u202e',
    'e\u0301',
    '\0',
    '\ud800',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const TEXT = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(PIECE, { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
  },
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map((more) => 'é'.repeat(31 + more)) },
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map((more) => 'x'.repeat(62 + more)) },
);
/** Names that tests can give to objects themselves, for the library to find. */
const NAME = TEXT.filter(isName);
const SCHEMA = NAME.filter(
  (name) => !/^(pg_.*|pontoon|canary|public|information_schema)$/s.test(name),
);
const ROLE = NAME.filter(isRoleName);

/** Whether PostgreSQL can hold `text`. */
function isText(text: string): boolean {
  return !/\0|\p{Surrogate}/u.test(text);
}

function isName(name: string): boolean {
  return name !== '' && isText(name) && Buffer.byteLength(name) <= 63;
}

function isRoleName(name: string): boolean {
  return isName(name) && !/^(pg_.*|public|none|postgres)$/s.test(name);
}

/** Reads a conninfo as libpq does. */
function parseConninfo(text: string): Record<string, string> {
  const pairs = text.matchAll(/(\w+)='((?:[^'\\]|\\[\s\S])*)'(?: |$)/g);
  const options = [...pairs].map(([, key = '', value = '']) => [
    key,
    value.replaceAll(/\\([\s\S])/g, '$1'),
  ]);
  return Object.fromEntries(options);
}

describe.each(TEST_MAJORS)('on PostgreSQL %i', (major) => {
  let pg: TestServer;
  let client: Client;

  beforeAll(async () => {
    pg = await startTestServer({ major, settings: { wal_level: 'logical' } });
    client = await pg.client();
    await client.query(
      'CREATE SCHEMA canary; CREATE TABLE canary.rows (id int PRIMARY KEY); INSERT INTO canary.rows VALUES (1)',
    );
    await apply({ client }, staticSecrets({}), {
      server: 'a',
      spec: readSpec({ kind: 'ledger' }),
      owner: OWNER,
    });
  });
  afterAll(() => pg.stop());

  /** Everything that could have been made, changed or dropped by mistake. */
  async function catalog(): Promise<unknown> {
    const { rows } = await client.query(`SELECT
    (SELECT jsonb_agg(to_jsonb(r) ORDER BY rolname) FROM pg_roles r WHERE oid >= 16384) AS roles,
    (SELECT count(*) FROM pg_auth_members) AS members,
    (SELECT jsonb_object_agg(datname, coalesce(datacl, acldefault('d', datdba))::text) FROM pg_database) AS databases,
    (SELECT jsonb_object_agg(nspname, coalesce(nspacl, acldefault('n', nspowner))::text) FROM pg_namespace) AS schemas,
    (SELECT jsonb_object_agg(oid::regclass, coalesce(relacl, acldefault('r', relowner))::text) FROM pg_class WHERE oid >= 16384) AS relations,
    (SELECT jsonb_agg(pubname ORDER BY pubname) FROM pg_publication) AS publications,
    (SELECT jsonb_agg(subname ORDER BY subname) FROM pg_subscription) AS subscriptions,
    (SELECT jsonb_agg(slot_name ORDER BY slot_name) FROM pg_replication_slots) AS slots,
    (SELECT jsonb_object_agg(name, setting) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf') AS configured,
    (SELECT count(*) FROM canary.rows) AS canary,
    (SELECT count(*) FROM pontoon.objects) AS ledger`);
    return rows[0];
  }

  /**
   * Applies `spec`, has `verify` look at it, drops it; or sees it refused in words. Either way the server is left as it
   * was. Returns whether it was applied.
   */
  async function roundTrip(
    spec: object,
    verify: () => Promise<void>,
    secrets: Parameters<typeof staticSecrets>[0] = {},
  ): Promise<boolean> {
    const before = await catalog();
    const store = staticSecrets(secrets);
    let refused = false;
    try {
      const read = readSpec(spec);
      await apply({ client }, store, { server: 'a', spec: read, owner: OWNER });
      await verify();
      await drop({ client }, store, { server: 'a', spec: read, owner: OWNER });
    } catch (error) {
      if (!(error instanceof PontoonError)) throw error;
      refused = true;
      expect(error.message).not.toContain('syntax error');
    }
    expect(await catalog()).toEqual(before);
    return !refused;
  }

  async function column(text: string, values?: readonly unknown[]): Promise<unknown[]> {
    const { rows } = await client.query({ text, values: [...(values ?? [])], rowMode: 'array' });
    return rows.map(([value]) => value);
  }

  const quote = (name: string) => client.escapeIdentifier(name);

  test('a role has exactly its name, and its secret exactly its password', async () => {
    await fc.assert(
      fc.asyncProperty(TEXT, TEXT, async (name, password) => {
        const secrets = { s: { username: name, password } };
        const spec = { kind: 'role', name, secret: 's', database: ['CONNECT'] };
        const applied = await roundTrip(
          spec,
          async () => {
            expect(await column(`SELECT rolname FROM pg_roles WHERE oid >= 16384`)).toEqual([name]);
            expect(
              await column(
                `SELECT rolname FROM pg_database, aclexplode(datacl), pg_roles r WHERE datname = current_database() AND grantee = r.oid AND grantee <> datdba`,
              ),
            ).toEqual([name]);
          },
          secrets,
        );
        // SASLprep refuses passwords that clients might not be able to send, none of them in ASCII.
        const plain = /^[ -~]+$/.test(password);
        if (applied || plain)
          expect(applied).toBe(password !== '' && isText(password) && isRoleName(name));
      }),
      RUNS,
    );
  });

  test('tables, columns, schemas and filters mean themselves in a publication', async () => {
    await fc.assert(
      fc.asyncProperty(
        NAME,
        SCHEMA,
        NAME,
        NAME,
        fc.array(TEXT, { minLength: 1, maxLength: 2 }),
        async (name, schema, table, id, values) => {
          const qualified = `${quote(schema)}.${quote(table)}`;
          await client.query(
            `CREATE SCHEMA ${quote(schema)}; CREATE TABLE ${qualified} (${quote(id)} text PRIMARY KEY); CREATE TABLE ${quote(schema)}."${'other'.repeat(12)}" (id int)`,
          );
          try {
            const rowFilters = [{ column: id, operator: 'eq', values }];
            const tables = [{ schema, name: table, columns: [id], rowFilters }];
            const applied = await roundTrip(
              { kind: 'publication', name, selection: { tables } },
              async () => {
                expect(await column('SELECT pubname FROM pg_publication')).toEqual([name]);
                expect(
                  (
                    await client.query(
                      'SELECT schemaname, tablename, attnames::text[] AS attnames FROM pg_publication_tables',
                    )
                  ).rows,
                ).toEqual([{ schemaname: schema, tablename: table, attnames: [id] }]);
                await expectFilter(qualified, id, values);
              },
            );
            // Before PostgreSQL 15 there are neither row filters nor column lists, and they are refused.
            expect(applied).toBe(major >= 15 && values.every(isText));
          } finally {
            await client.query(`DROP SCHEMA ${quote(schema)} CASCADE`);
          }
        },
      ),
      RUNS,
    );
  });

  /** The published rows are those whose key is one of `values`, asked with the filter as the server stored it. */
  async function expectFilter(table: string, id: string, values: readonly string[]): Promise<void> {
    const [filter] = await column('SELECT rowfilter FROM pg_publication_tables');
    await client.query('BEGIN');
    const keys = [...new Set([...values, 'another'])];
    await client.query(`INSERT INTO ${table} SELECT unnest($1::text[])`, [keys]);
    const found = await column(`SELECT ${quote(id)} FROM ${table} WHERE ${filter}`);
    await client.query('ROLLBACK');
    expect(found.sort()).toEqual([...new Set(values)].sort());
  }

  test('all tables of a schema, and nobody else’s, may be read', async () => {
    const secrets = { s: { username: 'reader', password: 'p' } };
    await fc.assert(
      fc.asyncProperty(SCHEMA, NAME, async (schema, table) => {
        await client.query(
          `CREATE SCHEMA ${quote(schema)}; CREATE TABLE ${quote(schema)}.${quote(table)} (id int)`,
        );
        try {
          const spec = { kind: 'role', name: 'reader', secret: 's', readSchemas: [schema] };
          const applied = await roundTrip(
            spec,
            async () => {
              expect(
                await column(
                  `SELECT relname FROM pg_class c, aclexplode(relacl) WHERE grantee = 'reader'::regrole`,
                ),
              ).toEqual([table]);
            },
            secrets,
          );
          expect(applied).toBe(true);
        } finally {
          await client.query(`DROP SCHEMA ${quote(schema)} CASCADE`);
        }
      }),
      RUNS,
    );
  });

  test('a setting has exactly its value', async () => {
    await fc.assert(
      fc.asyncProperty(TEXT, async (value) => {
        const settings = { cluster_name: value, 'pontoon.note': value };
        await roundTrip({ kind: 'server-settings', name: 'x', settings }, async () => {
          expect(
            (
              await client.query(
                `SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY name`,
              )
            ).rows,
          ).toEqual(Object.entries(settings).map(([name, setting]) => ({ name, setting })));
        });
      }),
      RUNS,
    );
  });

  test('a setting’s name cannot be anything else', async () => {
    await fc.assert(
      fc.asyncProperty(TEXT, async (name) => {
        const settings = { [`pontoon.${name}`]: '1' };
        await roundTrip({ kind: 'server-settings', name, settings }, async () => {
          expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
        });
      }),
      RUNS,
    );
  });

  test.each(['pontoon.a$1', 'pontoon.a.b', '.a', 'a.', 'pontoon.1'])(
    'a setting called %s would break postgresql.auto.conf',
    async (name) => {
      const spec = { kind: 'server-settings', name: 'x', settings: { [name]: '1' } };
      expect(await roundTrip(spec, () => Promise.resolve())).toBe(false);
    },
  );

  test('settings with capitals, and lists, are kept as they are', async () => {
    const settings = {
      DateStyle: 'ISO, YMD',
      search_path: '"$user", public',
      shared_preload_libraries: 'auto_explain,pg_stat_statements',
    };
    const applied = await roundTrip({ kind: 'server-settings', name: 'x', settings }, async () => {
      expect(
        await column(
          "SELECT name || ' = ' || setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY 1",
        ),
      ).toEqual([
        'DateStyle = ISO, YMD',
        'search_path = "$user", public',
        'shared_preload_libraries = auto_explain, pg_stat_statements',
      ]);
    });
    expect(applied).toBe(true);
  });

  test('a slot is called what it is called, or refused before the server is asked', async () => {
    await fc.assert(
      fc.asyncProperty(TEXT, async (name) => {
        const applied = await roundTrip({ kind: 'physical-slot', name }, async () => {
          expect(await column('SELECT slot_name FROM pg_replication_slots')).toEqual([name]);
        });
        expect(applied).toBe(/^[a-z0-9_]{1,63}$/.test(name));
      }),
      RUNS,
    );
  });

  test('a subscription holds its publisher, and its password to the letter', async () => {
    await fc.assert(
      fc.asyncProperty(TEXT, TEXT, TEXT, NAME, async (name, username, password, database) => {
        const publisher = {
          server: 'p',
          host: 'nowhere.invalid',
          port: 5432,
          database,
          secret: 's',
          sslMode: 'require',
        };
        const spec = {
          kind: 'subscription',
          name,
          publisher,
          publications: [database],
          slotName: 'x',
          enabled: false,
        };
        await roundTrip(
          spec,
          async () => {
            const { rows } = await client.query(
              'SELECT subname, subpublications, subconninfo FROM pg_subscription',
            );
            expect(rows).toMatchObject([{ subname: name, subpublications: [database] }]);
            expect(parseConninfo(rows[0].subconninfo)).toEqual({
              host: 'nowhere.invalid',
              port: '5432',
              dbname: database,
              user: username,
              password,
              sslmode: 'require',
              keepalives_idle: '30',
            });
          },
          { s: { username, password } },
        );
      }),
      RUNS,
    );
  });

  test('a guard lets in exactly whom it names', async () => {
    await fc.assert(
      fc.asyncProperty(ROLE, async (name) => {
        await client.query(`CREATE ROLE ${quote(name)}`);
        try {
          const applied = await roundTrip({ kind: 'connection-guard', keep: [name] }, async () => {
            expect(
              await column(
                `SELECT coalesce((SELECT rolname FROM pg_roles WHERE oid = grantee), '*') FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND privilege_type = 'CONNECT' AND grantee <> datdba`,
              ),
            ).toEqual([name]);
          });
          expect(applied).toBe(true);
        } finally {
          await client.query(`DROP ROLE ${quote(name)}`);
        }
      }),
      RUNS,
    );
  });

  test('a guard never takes the name "public" for a role', async () => {
    expect(() => readSpec({ kind: 'connection-guard', keep: ['app', 'public'] })).toThrow(
      `the spec of the connection-guard: 'spec.keep[1]' cannot be "public", which PostgreSQL takes for everybody; name roles`,
    );
  });
});
