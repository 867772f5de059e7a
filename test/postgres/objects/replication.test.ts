import { readSpec } from '../../../lib/postgres';
import { dropped, type Given, observation, planned, refusal, secretly, shown } from './planned';

describe('slots', () => {
  const physical = { kind: 'physical-slot', name: 'b' };
  const logical = { kind: 'logical-slot', name: 'c', plugin: 'test_decoding' };
  const observed = {
    slotType: 'logical',
    plugin: 'test_decoding',
    database: 'shop',
    currentDatabase: 'shop',
    active: false,
    walStatus: 'reserved',
    invalidation: null,
    failover: false,
  };
  const observedPhysical = { ...observed, slotType: 'physical', plugin: null, database: null };

  test.each([
    [14, 'NULL::text', 'false'],
    [15, 'NULL::text', 'false'],
    [16, "CASE WHEN conflicting THEN 'conflict with recovery' END", 'false'],
    [17, 'invalidation_reason', 'failover'],
    [18, 'invalidation_reason', 'failover'],
  ])('are observed on PostgreSQL %i', (major, invalidation, failover) => {
    expect(observation(logical, major)).toEqual({
      text: `SELECT slot_type AS "slotType", plugin, database, pg_catalog.current_database() AS "currentDatabase", active, wal_status AS "walStatus", ${invalidation} AS invalidation, ${failover} AS failover FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
      values: ['c'],
    });
  });

  test('are created', () => {
    expect(shown(planned(physical, undefined))).toEqual([
      "= SELECT pg_catalog.pg_create_physical_replication_slot('b', true)",
    ]);
    expect(shown(planned(logical, undefined))).toEqual([
      "= SELECT pg_catalog.pg_create_logical_replication_slot('c', 'test_decoding', false)",
    ]);
    expect(shown(planned({ ...logical, failover: 'true' }, undefined))).toEqual([
      "= SELECT pg_catalog.pg_create_logical_replication_slot('c', 'test_decoding', false, false, true)",
    ]);
    expect(shown(planned(logical, undefined, { inRecovery: true, major: 16 }))).toEqual([
      "~ SELECT pg_catalog.pg_create_logical_replication_slot('c', 'test_decoding', false)",
    ]);
  });

  test('are left alone when they are as described', () => {
    expect(planned(physical, observedPhysical)).toEqual([]);
    expect(planned(logical, observed)).toEqual([]);
  });

  test('are dropped, from under their reader if there is one', () => {
    expect(shown(dropped(logical, observed))).toEqual([
      "= SELECT pg_catalog.pg_drop_replication_slot('c')",
    ]);
    expect(shown(dropped(physical, { ...observedPhysical, active: true }))).toEqual([
      "= SELECT pg_catalog.pg_terminate_backend(active_pid, 10000) FROM pg_catalog.pg_replication_slots WHERE slot_name = 'b' AND active_pid IS NOT NULL",
      "= SELECT pg_catalog.pg_drop_replication_slot('b')",
    ]);
  });

  test('are refused where the major cannot have them', () => {
    expect(refusal(() => planned(logical, undefined, { inRecovery: true, major: 15 }))).toEqual({
      code: 'UNSUPPORTED',
      message:
        "'logical slot 'c' on a standby' requires PostgreSQL 16 or later, got 15; promote the standby and make the slot there, or make it on the primary",
    });
    const failover = { ...logical, failover: true };
    expect(refusal(() => planned(failover, undefined, { major: 16 }))).toEqual({
      code: 'UNSUPPORTED',
      message: "'failover' requires PostgreSQL 17 or later, got 16; remove 'failover'",
    });
    expect(refusal(() => planned(failover, undefined, { inRecovery: true }))).toEqual({
      code: 'UNSUPPORTED',
      message:
        "'failover' cannot be set for slot 'c' on a standby, got true; make the slot on the primary or remove 'failover'",
    });
  });

  test.each<[object, object, string]>([
    [physical, observed, 'logical, with plugin test_decoding in database "shop"'],
    [logical, observedPhysical, 'physical'],
    [
      logical,
      { ...observed, plugin: 'pgoutput', failover: true },
      'logical, with plugin pgoutput in database "shop" and failover',
    ],
    [
      logical,
      { ...observed, currentDatabase: 'app' },
      'logical, with plugin test_decoding in database "shop"',
    ],
  ])('are not taken for others: %j', (spec, other, is) => {
    const { name } = spec as { name: string };
    expect(refusal(() => planned(spec, other))).toEqual({
      code: 'CONFLICT',
      message: `slot '${name}' must be as described, got one that is ${is}; drop it if nobody needs its position, or choose another name`,
    });
  });

  test.each<[object, string]>([
    [{ ...observed, invalidation: 'rows_removed' }, 'rows_removed'],
    [{ ...observed, walStatus: 'lost' }, 'wal_removed'],
  ])('are not used once they are lost: %j', (lost, reason) => {
    expect(refusal(() => planned(logical, lost))).toEqual({
      code: 'SLOT_LOST',
      message: `slot 'c' cannot be used any more, got invalidated (${reason}); drop it, make it anew and copy the data again`,
    });
  });
});

describe('publications', () => {
  const orders = { schema: 'shop', name: 'orders' };
  const items = { schema: 'shop', name: 'It"ems' };
  const whole = { filtered: false, listed: false };
  const parted = { ...orders, filtered: true, listed: true };
  const spec = { kind: 'publication', name: 'Pub', selection: { schemas: ['shop'] } };
  const filtered = {
    ...spec,
    selection: {
      tables: [
        {
          ...orders,
          columns: ['id', 'n'],
          rowFilters: [{ column: 'id', operator: 'gte', values: ['1'] }],
        },
      ],
    },
  };
  const none = {
    exists: false,
    operations: [],
    viaPartitionRoot: false,
    published: [],
    selected: [items, orders],
  };
  const there = {
    ...none,
    exists: true,
    operations: ['insert', 'update', 'delete', 'truncate'],
    viaPartitionRoot: true,
    published: [
      { ...orders, ...whole },
      { ...items, ...whole },
    ],
  };
  const WITH = "publish = 'insert, update, delete, truncate', publish_via_partition_root = true";

  test('are created', () => {
    expect(shown(planned(spec, none))).toEqual([
      `CREATE PUBLICATION "Pub" FOR TABLE ONLY "shop"."It""ems", ONLY "shop"."orders" WITH (${WITH})`,
    ]);
    expect(shown(planned(filtered, { ...none, selected: [orders] }))).toEqual([
      `CREATE PUBLICATION "Pub" FOR TABLE ONLY "shop"."orders" ("id", "n") WHERE (("id" >= '1')) WITH (${WITH})`,
    ]);
    expect(shown(planned({ ...spec, viaPartitionRoot: 'false' }, none))).toEqual([
      `CREATE PUBLICATION "Pub" FOR TABLE ONLY "shop"."It""ems", ONLY "shop"."orders" WITH (${WITH.replace('true', 'false')})`,
    ]);
  });

  test.each([
    ['true', 'NOT c.relispartition'],
    ['false', `c.relkind = 'r'`],
  ])('are asked for with what is selected, viaPartitionRoot = %s', (viaPartitionRoot, leaf) => {
    expect(observation({ ...spec, viaPartitionRoot })).toEqual({
      text: `SELECT pg_catalog.jsonb_build_object(
  'exists', p.oid IS NOT NULL,
  'operations', pg_catalog.to_jsonb(pg_catalog.array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL)),
  'viaPartitionRoot', coalesce(p.pubviaroot, false),
  'published', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname, 'filtered', j ->> 'prqual' IS NOT NULL, 'listed', j ->> 'prattrs' IS NOT NULL)), '[]')
    FROM pg_catalog.pg_publication_rel r CROSS JOIN LATERAL pg_catalog.to_jsonb(r) AS j JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid),
  'selected', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname) ORDER BY n.nspname, c.relname), '[]')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND ${leaf} AND ((n.nspname IN ('shop')) AND n.nspname <> 'pontoon'))
) AS publication
FROM (SELECT $1::pg_catalog.name AS wanted) w LEFT JOIN pg_catalog.pg_publication p ON p.pubname = w.wanted`,
      values: ['Pub'],
    });
  });

  test('are left alone when they are as described', () => {
    expect(planned(spec, there)).toEqual([]);
    const one = { ...there, published: [parted], selected: [orders] };
    expect(planned(filtered, one, { before: filtered })).toEqual([]);
  });

  test('follow tables, parts and options, each by itself', () => {
    expect(shown(planned(spec, { ...there, published: [{ ...orders, ...whole }] }))).toEqual([
      'ALTER PUBLICATION "Pub" SET TABLE ONLY "shop"."It""ems", ONLY "shop"."orders"',
    ]);
    const one = { ...there, published: [parted], selected: [orders] };
    expect(shown(planned(filtered, one, { before: spec }))).toEqual([
      `ALTER PUBLICATION "Pub" SET TABLE ONLY "shop"."orders" ("id", "n") WHERE (("id" >= '1'))`,
    ]);
    for (const by of [{ filtered: true }, { listed: true }]) {
      const hand = { ...there, published: [{ ...orders, ...whole, ...by }], selected: [orders] };
      expect(shown(planned(spec, hand))).toEqual([
        'ALTER PUBLICATION "Pub" SET TABLE ONLY "shop"."orders"',
      ]);
    }
    expect(shown(planned(spec, { ...there, viaPartitionRoot: false }))).toEqual([
      `ALTER PUBLICATION "Pub" SET (${WITH})`,
    ]);
    expect(shown(planned(spec, { ...there, operations: ['insert'] }))).toEqual([
      `ALTER PUBLICATION "Pub" SET (${WITH})`,
    ]);
  });

  test('are dropped if they are there', () => {
    expect(shown(dropped(spec, there))).toEqual(['DROP PUBLICATION "Pub"']);
    expect(dropped(spec, none)).toEqual([]);
  });

  test('are refused in words', () => {
    expect(refusal(() => planned(filtered, none, { major: 14 }))).toEqual({
      code: 'UNSUPPORTED',
      message:
        "'rowFilters' requires PostgreSQL 15 or later, got 14; remove them or replicate by DMS",
    });
    const columns = { ...spec, selection: { tables: [{ ...orders, columns: ['id'] }] } };
    expect(refusal(() => planned(columns, none, { major: 14 }))).toEqual({
      code: 'UNSUPPORTED',
      message: "'columns' requires PostgreSQL 15 or later, got 14; remove them or replicate by DMS",
    });
    expect(refusal(() => planned(filtered, { ...none, selected: [items] }))).toEqual({
      code: 'MISSING_TABLES',
      message:
        '\'tables\' of publication "Pub" must exist, got none called "shop"."orders"; create them or correct the selection',
    });
    expect(refusal(() => planned(spec, { ...none, selected: [] }))).toEqual({
      code: 'EMPTY_SELECTION',
      message:
        '\'selection\' of publication "Pub" must match at least one table, got none; correct the schemas',
    });
  });

  test('say each problem of a selection once', () => {
    const selection = { tables: [{ schema: 'shop', name: 'x'.repeat(64) }] };
    expect(refusal(() => readSpec({ ...spec, selection }))).toEqual({
      code: 'INVALID',
      message: `the spec of the publication: 'spec.selection.tables[0].name' must be at most 63 bytes in UTF-8, got 64 ("${'x'.repeat(64)}"); shorten it`,
    });
  });
});

describe('subscriptions', () => {
  const publisher = {
    server: 'a',
    host: 'db',
    port: '5432',
    database: 'shop',
    secret: 's',
    sslMode: 'verify-full',
    sslRootCert: '/ca.pem',
  };
  const spec = {
    kind: 'subscription',
    name: 'Sub',
    publisher,
    publications: ['p', 'q"'],
    slotName: 'c',
    selection: { schemas: ['shop'] },
  };
  const observed = {
    enabled: true,
    slotName: 'c',
    publications: ['q"', 'p'],
    originNone: false,
    tables: 2,
  };
  const same = { before: spec };
  const conninfo = (password: string) =>
    `host=''db'' port=''5432'' dbname=''shop'' user=''reader'' password=''${password}'' sslmode=''verify-full'' sslrootcert=''/ca.pem'' keepalives_idle=''30''`;
  const connection = `ALTER SUBSCRIPTION "Sub" CONNECTION '${conninfo('***')}'`;
  const refresh = '= ALTER SUBSCRIPTION "Sub" REFRESH PUBLICATION WITH (copy_data = true)';

  test.each([
    [15, ''],
    [16, ` suborigin = 'none' AS "originNone",`],
  ])('are observed on PostgreSQL %i', (major, origin) => {
    expect(observation(spec, major)).toEqual({
      text: `SELECT subenabled AS enabled,${origin} subslotname AS "slotName", pg_catalog.to_jsonb(subpublications) AS publications, (SELECT count(*)::int FROM pg_catalog.pg_subscription_rel WHERE srsubid = s.oid) AS tables, NOT subenabled AND EXISTS (SELECT FROM pg_catalog.pg_stat_subscription WHERE subid = s.oid AND pid IS NOT NULL) AS ending FROM pg_catalog.pg_subscription s WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
      values: ['Sub'],
    });
  });

  test('are created without connecting, with the password in a statement of its own', () => {
    const steps = planned(spec, undefined);
    expect(shown(steps)).toEqual([
      `CREATE SUBSCRIPTION "Sub" CONNECTION '${conninfo('to-be-set')}' PUBLICATION "p", "q""" WITH (connect = false, synchronous_commit = 'on', slot_name = 'c')`,
      connection,
      'ALTER SUBSCRIPTION "Sub" ENABLE',
      refresh,
    ]);
    // The password p'w\ is escaped for conninfo (p\'w\\), and that for SQL.
    expect(secretly(steps)).toEqual([
      `ALTER SUBSCRIPTION "Sub" CONNECTION  E'${conninfo("p\\\\''w\\\\\\\\")}'`,
    ]);
    const idle = { ...spec, enabled: 'false', originNone: 'true' };
    expect(shown(planned(idle, undefined))).toEqual([
      `CREATE SUBSCRIPTION "Sub" CONNECTION '${conninfo('to-be-set')}' PUBLICATION "p", "q""" WITH (connect = false, synchronous_commit = 'on', slot_name = 'c', origin = none)`,
      connection,
    ]);
  });

  test('are left alone when they are as described', () => {
    expect(planned(spec, observed, same)).toEqual([]);
  });

  test.each<[string, object, object, Given, string[]]>([
    ['a new secret', {}, {}, { ...same, version: '0' }, [connection]],
    [
      'another host',
      { publisher: { ...publisher, host: 'db2' } },
      {},
      same,
      [connection.replace("''db''", "''db2''")],
    ],
    ['no memory of the last time', {}, {}, {}, [connection]],
    [
      'other publications',
      { publications: ['p'] },
      {},
      same,
      ['= ALTER SUBSCRIPTION "Sub" SET PUBLICATION "p" WITH (refresh = false)', refresh],
    ],
    [
      'another origin',
      { originNone: true },
      {},
      same,
      ['ALTER SUBSCRIPTION "Sub" SET (origin = none)'],
    ],
    [
      'any origin again',
      {},
      { originNone: true },
      same,
      ['ALTER SUBSCRIPTION "Sub" SET (origin = any)'],
    ],
    [
      'another slot',
      { slotName: 'd' },
      {},
      same,
      [
        'ALTER SUBSCRIPTION "Sub" DISABLE',
        `ALTER SUBSCRIPTION "Sub" SET (slot_name = 'd')`,
        'ALTER SUBSCRIPTION "Sub" ENABLE',
      ],
    ],
    ['a pause', { enabled: false }, {}, same, ['ALTER SUBSCRIPTION "Sub" DISABLE']],
    [
      'the end of a pause',
      {},
      { enabled: false },
      same,
      ['ALTER SUBSCRIPTION "Sub" ENABLE', refresh],
    ],
    [
      'the end of a pause that has just begun',
      {},
      { enabled: false, ending: true },
      same,
      [
        `= DO 'BEGIN FOR i IN 1..200 LOOP EXIT WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_stat_subscription WHERE subname = ''Sub'' AND pid IS NOT NULL); PERFORM pg_catalog.pg_sleep(0.05); END LOOP; END'`,
        'ALTER SUBSCRIPTION "Sub" ENABLE',
        refresh,
      ],
    ],
    ['a pause that has just begun', { enabled: false }, { enabled: false, ending: true }, same, []],
    ['new tables', { selection: { schemas: ['shop', 'more'] } }, {}, same, [refresh]],
    ['tables that were never taken up', {}, { tables: 0 }, same, [refresh]],
    [
      'new tables without their rows',
      { selection: { schemas: ['shop', 'more'] }, copyData: 'false' },
      {},
      same,
      [refresh.replace('true', 'false')],
    ],
  ])('follow %s', (_what, changed, seen, given, steps) => {
    expect(shown(planned({ ...spec, ...changed }, { ...observed, ...seen }, given))).toEqual(steps);
  });

  test('are dropped without their slot', () => {
    expect(shown(dropped(spec, observed))).toEqual([
      'ALTER SUBSCRIPTION "Sub" DISABLE',
      'ALTER SUBSCRIPTION "Sub" SET (slot_name = NONE)',
      '= DROP SUBSCRIPTION "Sub"',
    ]);
    expect(shown(dropped(spec, { ...observed, enabled: false, slotName: null }))).toEqual([
      '= DROP SUBSCRIPTION "Sub"',
    ]);
  });

  test('are refused in words', () => {
    expect(refusal(() => planned({ ...spec, publications: [] }, undefined))).toEqual({
      code: 'INVALID',
      message: `'publications' of subscription "Sub" must name at least one, got none; name it`,
    });
    expect(refusal(() => planned({ ...spec, originNone: true }, undefined, { major: 15 }))).toEqual(
      {
        code: 'UNSUPPORTED',
        message: "'originNone' requires PostgreSQL 16 or later, got 15; remove it",
      },
    );
    const other = { ...spec, publisher: { ...publisher, secret: 'other' } };
    expect(refusal(() => planned(other, undefined))).toEqual({
      code: 'NO_SECRET',
      message: 'secret of subscription "Sub" must be given, got nothing; check its reference',
    });
  });
});
