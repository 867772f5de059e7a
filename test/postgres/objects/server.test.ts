import {
  beat,
  deleteEntry,
  findEntry,
  findRequest,
  kindOf,
  noLedger,
  readSpec,
  writeRequest,
} from '../../../lib/postgres';
import { dropped, type Given, observation, planned, refusal, secretly, shown } from './planned';

describe('roles', () => {
  const spec = {
    kind: 'role',
    name: 'reader',
    secret: 's',
    replication: 'true',
    memberOf: ['pg_read_all_data'],
    database: ['CONNECT', 'CREATE'],
    readSchemas: ['shop'],
    writeSchemas: ['Web'],
  };
  const observed = {
    canLogin: true,
    replication: true,
    memberOf: ['pg_read_all_data', 'somebody'],
    database: ['CONNECT', 'CREATE'],
    lacking: [
      { schema: 'shop', usage: true, read: 0, write: 3, writable: 0 },
      { schema: 'Web', usage: true, read: 0, write: 0, writable: 3 },
    ],
    createsIn: [],
    currentDatabase: 'db"1',
  };
  const same: Given = { before: spec };
  const WRITING = 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES';

  test('are created with a verifier that nobody reads', () => {
    const steps = planned(spec, undefined);
    expect(shown(steps)).toEqual([
      `CREATE ROLE "reader" LOGIN REPLICATION PASSWORD '***'`,
      'GRANT "pg_read_all_data" TO "reader"',
      `DO 'BEGIN EXECUTE pg_catalog.format(''GRANT CONNECT, CREATE ON DATABASE %I TO %s'', pg_catalog.current_database(), ''"reader"''); END'`,
      'GRANT USAGE ON SCHEMA "shop" TO "reader"',
      'GRANT SELECT ON ALL TABLES IN SCHEMA "shop" TO "reader"',
      'GRANT USAGE ON SCHEMA "Web" TO "reader"',
      `GRANT SELECT, ${WRITING} ON ALL TABLES IN SCHEMA "Web" TO "reader"`,
    ]);
    expect(secretly(steps)).toEqual([
      `CREATE ROLE "reader" LOGIN REPLICATION PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'`,
    ]);
    expect(shown(planned({ kind: 'role', name: 'reader', secret: 's' }, undefined))).toEqual([
      `CREATE ROLE "reader" LOGIN NOREPLICATION PASSWORD '***'`,
    ]);
  });

  test('are left alone when they are as described', () => {
    expect(planned(spec, observed, same)).toEqual([]);
  });

  test('are logins again, unless a cutover has shut them', () => {
    const shut = { ...observed, canLogin: false };
    expect(shown(planned(spec, shut, same))).toEqual(['ALTER ROLE "reader" LOGIN']);
    expect(planned(spec, shut, { ...same, remembered: { shut: 'shop' } })).toEqual([]);
  });

  test.each<[string, object, object, Given, string[]]>([
    ['a new secret', {}, {}, { ...same, version: '0' }, [`ALTER ROLE "reader" PASSWORD '***'`]],
    ['a lost login', {}, { canLogin: false }, same, ['ALTER ROLE "reader" LOGIN']],
    ['replication', {}, { replication: false }, same, ['ALTER ROLE "reader" REPLICATION']],
    [
      'the end of replication',
      { replication: 'false' },
      { canLogin: false },
      same,
      ['ALTER ROLE "reader" LOGIN NOREPLICATION'],
    ],
    [
      'other memberships, and leave those of others',
      { memberOf: ['pg_monitor'] },
      {},
      same,
      ['GRANT "pg_monitor" TO "reader"', 'REVOKE "pg_read_all_data" FROM "reader"'],
    ],
    [
      'fewer rights on the database',
      { database: ['CONNECT'] },
      {},
      same,
      ['REVOKE CREATE ON DATABASE "db""1" FROM "reader"'],
    ],
    [
      'fewer schemas',
      { readSchemas: [], writeSchemas: [] },
      {},
      same,
      [
        'REVOKE SELECT ON ALL TABLES IN SCHEMA "shop" FROM "reader"',
        'REVOKE USAGE ON SCHEMA "shop" FROM "reader"',
        `REVOKE SELECT, ${WRITING} ON ALL TABLES IN SCHEMA "Web" FROM "reader"`,
        'REVOKE USAGE ON SCHEMA "Web" FROM "reader"',
      ],
    ],
    [
      'the end of writing',
      { readSchemas: ['shop', 'Web'], writeSchemas: [] },
      {},
      same,
      [`REVOKE ${WRITING} ON ALL TABLES IN SCHEMA "Web" FROM "reader"`],
    ],
    [
      'what a cut-off update gave',
      {},
      { memberOf: ['pg_read_all_data', 'pg_monitor'] },
      { ...same, cutOff: [{ ...spec, memberOf: ['pg_monitor'] }] },
      ['REVOKE "pg_monitor" FROM "reader"'],
    ],
    [
      'schemas for tables of its own',
      { createInSchemas: ['there', 'missing'] },
      { createsIn: ['there'] },
      same,
      [
        'CREATE SCHEMA IF NOT EXISTS "missing"',
        'GRANT USAGE, CREATE ON SCHEMA "missing" TO "reader"',
      ],
    ],
    [
      'tables that came later',
      {},
      { lacking: [{ ...observed.lacking[0], read: 1 }, observed.lacking[1]] },
      same,
      [
        'GRANT USAGE ON SCHEMA "shop" TO "reader"',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "shop" TO "reader"',
      ],
    ],
  ])('follow %s', (_what, changed, seen, given, steps) => {
    expect(shown(planned({ ...spec, ...changed }, { ...observed, ...seen }, given))).toEqual(steps);
  });

  test('are dropped after what they were given', () => {
    expect(shown(dropped(spec, observed))).toEqual([
      'REVOKE SELECT ON ALL TABLES IN SCHEMA "shop" FROM "reader"',
      'REVOKE USAGE ON SCHEMA "shop" FROM "reader"',
      `REVOKE SELECT, ${WRITING} ON ALL TABLES IN SCHEMA "Web" FROM "reader"`,
      'REVOKE USAGE ON SCHEMA "Web" FROM "reader"',
      'REVOKE CONNECT, CREATE ON DATABASE "db""1" FROM "reader"',
      'DROP ROLE "reader"',
    ]);
    expect(shown(dropped(spec, { ...observed, database: [], lacking: [] }))).toEqual([
      'DROP ROLE "reader"',
    ]);
  });

  test('are refused without their secret, or with another’s', () => {
    expect(refusal(() => planned({ ...spec, secret: 't' }, undefined))).toEqual({
      code: 'NO_SECRET',
      message: "secret of role 'reader' must be given, got nothing; check its reference",
    });
    const secret = { username: 'alice' };
    expect(refusal(() => planned(spec, undefined, { secret }))).toEqual({
      code: 'SECRET_MISMATCH',
      message:
        "secret of role 'reader' must have that 'username', got \"alice\"; correct the secret or the role's name",
    });
    expect(refusal(() => readSpec({ ...spec, database: ['ALL'], memberOf: [''] }))).toEqual({
      code: 'INVALID',
      message: `the spec of the role has 2 problems:
- 'spec.memberOf[0]' must not be empty, got ''; give a name
- 'spec.database' must name only 'CONNECT', 'CREATE', got ["ALL"]; correct the list`,
    });
  });

  test('are asked for with their schemas', () => {
    const table = `c.relnamespace = n.oid AND c.relkind IN ('r', 'p')`;
    const may = (right: string) => `pg_catalog.has_table_privilege(r.oid, c.oid, '${right}')`;
    const tables = (which: string) =>
      `(SELECT count(*) FROM pg_catalog.pg_class c WHERE ${table} AND ${which})`;
    expect(observation(spec)).toEqual({
      text: `SELECT (
  SELECT pg_catalog.jsonb_build_object(
    'canLogin', r.rolcanlogin,
    'replication', r.rolreplication,
    'currentDatabase', pg_catalog.current_database(),
    'memberOf', (SELECT coalesce(pg_catalog.jsonb_agg(g.rolname), '[]') FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid),
    'database', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.privilege_type), '[]') FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = pg_catalog.current_database() AND a.grantee = r.oid),
    'createsIn', (SELECT coalesce(pg_catalog.jsonb_agg(n.nspname), '[]') FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY($3) AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')),
    'lacking', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'schema', n.nspname,
        'usage', pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE'),
        'writable', ${tables(may('INSERT, UPDATE, DELETE, TRUNCATE'))},
        'read', ${tables(`NOT ${may('SELECT')}`)},
        'write', ${tables(`NOT (${['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'].map(may).join(' AND ')})`)}
      )), '[]') FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY($2))
  ) FROM pg_catalog.pg_roles r WHERE r.rolname = $1
) AS role`,
      values: ['reader', ['shop', 'Web'], []],
    });
  });
});

describe('server settings', () => {
  const spec = {
    kind: 'server-settings',
    name: 'x',
    settings: { work_mem: '5MB', 'pg_stat_statements.max': 100, search_path: 'a,"B c"' },
  };
  const none = { configured: {}, pendingRestart: [], unknown: ['pg_stat_statements.max'] };
  const there = {
    ...none,
    configured: { work_mem: '5MB', 'pg_stat_statements.max': '100', search_path: 'a, "B c"' },
  };
  const RELOAD = 'SELECT pg_catalog.pg_reload_conf()';

  test('are set, lists as lists, and taken up', () => {
    expect(shown(planned(spec, none))).toEqual([
      `= ALTER SYSTEM SET "work_mem" = '5MB'`,
      `= ALTER SYSTEM SET "pg_stat_statements"."max" = '100'`,
      `= ALTER SYSTEM SET "search_path" = 'a', 'B c'`,
      RELOAD,
    ]);
  });

  test('are left alone when they are as described', () => {
    expect(planned(spec, there)).toEqual([]);
  });

  test('follow one changed and one removed setting', () => {
    const settings = { work_mem: '6MB', search_path: 'a, "B c"' };
    expect(shown(planned({ ...spec, settings }, there, { before: spec }))).toEqual([
      `= ALTER SYSTEM SET "work_mem" = '6MB'`,
      '= ALTER SYSTEM RESET "pg_stat_statements"."max"',
      RELOAD,
    ]);
  });

  test('are asked for in the file that they are written to, since a restart may be pending', () => {
    expect(observation(spec)).toEqual({
      text: `SELECT pg_catalog.jsonb_build_object(
  'configured', (SELECT coalesce(pg_catalog.jsonb_object_agg(f.name, f.setting), '{}') FROM (SELECT DISTINCT ON (name) name, setting FROM pg_catalog.pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf' ORDER BY name, seqno DESC) f),
  'pendingRestart', (SELECT coalesce(pg_catalog.jsonb_agg(s.name ORDER BY s.name), '[]') FROM pg_catalog.pg_settings s WHERE s.name = ANY($1) AND (s.pending_restart OR s.context = 'postmaster' AND EXISTS (SELECT FROM pg_catalog.pg_file_settings f WHERE f.name = s.name AND f.error IS NOT NULL))),
  'unknown', (SELECT coalesce(pg_catalog.jsonb_agg(w.name), '[]') FROM pg_catalog.unnest($1::text[]) AS w(name) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE s.name = w.name))
) AS settings`,
      values: [['work_mem', 'pg_stat_statements.max', 'search_path']],
    });
  });

  test('are reset when they are dropped', () => {
    expect(shown(dropped(spec, { ...there, configured: { work_mem: '1MB' } }))).toEqual([
      '= ALTER SYSTEM RESET "work_mem"',
      RELOAD,
    ]);
    expect(dropped(spec, none)).toEqual([]);
  });

  test('are refused in words', () => {
    expect(refusal(() => planned(spec, { ...none, unknown: ['work_mem', 'x'] }))).toEqual({
      code: 'UNKNOWN_SETTING',
      message:
        "'settings' of 'x' must be known to the server, got 'work_mem', 'x'; correct or remove them",
    });
    const settings = { "a = 'b'; --": '1' };
    expect(refusal(() => planned({ ...spec, settings }, none))).toEqual({
      code: 'INVALID_NAME',
      message:
        "a setting's name must consist of letters, digits, underscores and at most one dot, got \"a = 'b'; --\"; correct it",
    });
  });
});

describe('connection guards', () => {
  const spec = { kind: 'connection-guard', keep: ['app', 'owner'] };
  const open = {
    database: 'db"1',
    owner: 'owner',
    connect: ['', 'owner', 'old'],
    grantable: [],
    roles: ['app', 'old', 'owner'],
  };
  const guarded = { ...open, connect: ['owner', 'app'] };

  test('let in whom they name, and then nobody else', () => {
    expect(shown(planned(spec, open))).toEqual([
      'GRANT CONNECT ON DATABASE "db""1" TO "app"',
      'REVOKE CONNECT ON DATABASE "db""1" FROM PUBLIC',
      'REVOKE CONNECT ON DATABASE "db""1" FROM "old"',
    ]);
    expect(planned(spec, guarded)).toEqual([]);
  });

  test('give back what was before', () => {
    const remembered = { connect: open.connect, grantable: ['old'] };
    expect(shown(dropped(spec, guarded, { before: spec, remembered }))).toEqual([
      'GRANT CONNECT ON DATABASE "db""1" TO PUBLIC',
      'GRANT CONNECT ON DATABASE "db""1" TO "old" WITH GRANT OPTION',
      'REVOKE CONNECT ON DATABASE "db""1" FROM "app"',
    ]);
  });

  test('give nothing back to a role that is gone', () => {
    const given = { before: spec, remembered: { connect: ['old', 'owner'] } };
    expect(shown(dropped(spec, { ...guarded, roles: ['app', 'owner'] }, given))).toEqual([
      'REVOKE CONNECT ON DATABASE "db""1" FROM "app"',
    ]);
  });

  test('are asked for with everybody who may connect', () => {
    expect(observation(spec)).toEqual({
      text: `SELECT pg_catalog.jsonb_build_object(
  'database', d.datname,
  'owner', pg_catalog.pg_get_userbyid(d.datdba),
  'roles', (SELECT pg_catalog.jsonb_agg(r.rolname) FROM pg_catalog.pg_roles r),
  'connect', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT CASE WHEN a.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END), '[]')
    FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a WHERE a.privilege_type = 'CONNECT'),
  'grantable', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT pg_catalog.pg_get_userbyid(a.grantee)), '[]')
    FROM pg_catalog.aclexplode(d.datacl) a WHERE a.privilege_type = 'CONNECT' AND a.is_grantable)
) AS guard FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
    });
  });

  test('are refused in words', () => {
    expect(refusal(() => planned(spec, undefined))).toEqual({
      code: 'UNREADABLE',
      message: 'the access list of the database cannot be read; check the role of the runner',
    });
    expect(refusal(() => readSpec({ ...spec, keep: ['public'] }))).toEqual({
      code: 'INVALID',
      message: `the spec of the connection-guard: 'spec.keep[0]' cannot be "public", which PostgreSQL takes for everybody; name roles`,
    });
  });
});

test('a heartbeat may have a table of its own, whatever its name is', () => {
  const spec = { kind: 'heartbeat', name: 'a"b' };
  expect(kindOf(readSpec(spec)).name(readSpec(spec))).toBe('a"b');
  expect(shown(dropped(spec, { exists: true }))).toEqual(['DROP TABLE "pontoon"."a""b"']);
  expect(beat('a"b').text).toBe(
    'INSERT INTO "pontoon"."a""b" (beat_at) VALUES (pg_catalog.clock_timestamp()) ON CONFLICT (singleton) DO UPDATE SET beat_at = EXCLUDED.beat_at',
  );
});

test('a heartbeat is made once and dropped if it is there', () => {
  const spec = { kind: 'heartbeat' };
  expect(observation(spec)).toEqual({
    text: 'SELECT pg_catalog.to_regclass(\'"pontoon"."heartbeat"\') IS NOT NULL AS exists',
  });
  expect(shown(planned(spec, { exists: false }))).toEqual([
    'CREATE TABLE "pontoon"."heartbeat" (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), beat_at timestamptz NOT NULL)',
  ]);
  expect(planned(spec, { exists: true })).toEqual([]);
  expect(shown(dropped(spec, { exists: true }))).toEqual(['DROP TABLE "pontoon"."heartbeat"']);
  expect(dropped(spec, { exists: false })).toEqual([]);
});

describe('a ledger', () => {
  const spec = { kind: 'ledger' };
  const whole = { tables: ['objects', 'requests', 'owners', 'heartbeat'] };
  const OWNERS =
    'CREATE TABLE pontoon.owners (server text, owner text, joined_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (server, owner))';

  test('is made once, with what it lacks', () => {
    expect(planned(spec, whole)).toEqual([]);
    expect(shown(planned(spec, { tables: ['objects', 'requests'] }))).toEqual([OWNERS]);
    expect(shown(planned(spec, { tables: [] }))).toEqual([
      'CREATE SCHEMA pontoon',
      'REVOKE ALL ON SCHEMA pontoon FROM PUBLIC',
      'CREATE TABLE pontoon.objects (server text, kind text, name text, owner text NOT NULL, adopted boolean NOT NULL, spec jsonb NOT NULL, attempted jsonb, secret_versions jsonb NOT NULL, before jsonb NOT NULL, applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (server, kind, name))',
      'CREATE TABLE pontoon.requests (id text PRIMARY KEY, outcome jsonb NOT NULL, answered_at timestamptz NOT NULL DEFAULT pg_catalog.now())',
      OWNERS,
    ]);
  });

  test('is dropped if it is there, and never a schema of the same name', () => {
    expect(shown(dropped(spec, whole))).toEqual(['DROP SCHEMA pontoon CASCADE']);
    expect(dropped(spec, { tables: ['of_somebody_else'] })).toEqual([]);
  });

  test('is asked for by its tables', () => {
    expect(observation(spec)).toEqual({
      text: "SELECT coalesce(pg_catalog.jsonb_agg(relname), '[]') AS tables FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('pontoon') AND relkind = 'r'",
    });
  });
});

test('entries and requests go to the ledger as values, never as text', () => {
  const key = { server: "a'", kind: 'role', name: "r'" };
  for (const statement of [findEntry(key), deleteEntry(key)])
    expect(statement.values).toEqual(["a'", 'role', "r'"]);
  expect(findRequest("x'").values).toEqual(["x'"]);
  expect(writeRequest("x'", { steps: [] }).values).toEqual(["x'", '{"steps":[]}']);
  const all = [findEntry(key), deleteEntry(key), findRequest("x'"), writeRequest("x'", 1)];
  for (const { text } of all) expect(text).not.toContain("'a");
});

test('a missing ledger is asked for', () => {
  expect(noLedger('a')).toMatchObject({
    code: 'NO_LEDGER',
    message:
      'server \'a\' must have a ledger before objects are made or dropped there, got none; apply {"kind":"ledger"} first',
  });
});

test('a spec of no kind is refused with the kinds that there are', () => {
  expect(refusal(() => readSpec({ kind: 'table' }))).toEqual({
    code: 'INVALID',
    message:
      "the spec: 'spec.kind' must be one of 'canary', 'connection-guard', 'ddl-ledger', 'heartbeat', 'ledger', 'logical-slot', 'physical-slot', 'publication', 'role', 'server-settings', 'subscription', got \"table\"; pick one",
  });
  expect(refusal(() => readSpec({ kind: 'heartbeat', every: '1s' }))).toEqual({
    code: 'INVALID',
    message:
      "the spec of the heartbeat: 'spec.every' is not known here; remove it or correct its name",
  });
});
