import { LinkKind, preflightChecks, supports } from '../../../lib/postgres';
import { LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { runPreflight } from '../../../lib/runner';
import { TEST_MAJORS } from '../../servers';
import { hybridChain } from '../hybrid-chain';
import { found, Lab, look, mend, settled, twoLinks } from './lab';

const PUBLIC = { schemas: ['public'] };

describe.each(TEST_MAJORS)('preflight of a server with PostgreSQL %i', (major) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start(major);
  });
  afterAll(() => lab.stop());

  test('the topology states the major and the role', async () => {
    const { name, client } = await lab.database();
    const wrong = { topology: twoLinks(19, name, { native: PUBLIC }), server: 'onPremises' };
    expect(await look(client, wrong, 'version')).toEqual([
      {
        severity: 'error',
        message: `'servers.onPremises.majorVersion' must be the server's own, ${major}, got 19; correct the topology`,
      },
    ]);
    const right = { topology: twoLinks(major, name, { native: PUBLIC }), server: 'onPremises' };
    expect(await look(client, right, 'version')).toEqual([]);
    if (!supports(major, 'standby-logical-decoding')) return;
    expect(
      await look(
        client,
        { topology: hybridChain({ majorVersion: major }), server: 'standby' },
        'version',
      ),
    ).toEqual([
      {
        severity: 'error',
        message: `'standby' must be a standby of 'onPremises', got a primary; connect to the standby, or set 'promoted: true' on its link`,
      },
    ]);
  });

  test('a prepared transaction', async () => {
    const { name, client } = await lab.database(
      'CREATE TABLE t (id int)',
      'BEGIN',
      'INSERT INTO t VALUES (1)',
      `PREPARE TRANSACTION 'it''s'`,
    );
    const context = { topology: twoLinks(major, name, { dms: PUBLIC }), server: 'onPremises' };
    const findings = await look(client, context, 'prepared-transactions');
    const { rows } = await client.query(
      `SELECT to_char(prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since FROM pg_prepared_xacts`,
    );
    expect(findings).toEqual([
      {
        severity: 'error',
        object: "'it''s'",
        message: `transaction 'it''s' is prepared in database "${name}" by "postgres" since ${rows[0]?.since}, and a slot cannot be created before it ends; commit it or roll it back there`,
        fix: "COMMIT PREPARED 'it''s';",
      },
    ]);
    await mend(client, findings);
    expect(await look(client, context, 'prepared-transactions')).toEqual([]);
  });

  test('a long transaction', async () => {
    const { name, client } = await lab.database();
    const other = await lab.pg.client(name);
    await other.query(`SET application_name = 'report "daily"'`);
    await other.query('BEGIN');
    const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
    const pid: number = rows[0]?.pid;
    await settled(
      client,
      `(SELECT clock_timestamp() - xact_start > interval '1 second' FROM pg_stat_activity WHERE pid = ${pid})`,
    );
    const context = {
      topology: twoLinks(major, name, { dms: PUBLIC }),
      server: 'onPremises',
      longTransactionSeconds: 1,
    };
    const findings = await look(client, context, 'long-transactions');
    expect(findings).toEqual([
      {
        severity: 'warning',
        object: `pid ${pid}`,
        message: expect.stringMatching(
          /^session \d+ of "postgres" \("report \\"daily\\""\) is in a transaction for \d+ s on 'onPremises', more than 1 s, and a slot cannot be created before it ends; wait for it or end it$/,
        ),
        fix: `SELECT pg_catalog.pg_terminate_backend(${pid});`,
      },
    ]);
    expect(
      await look(client, { ...context, longTransactionSeconds: 600 }, 'long-transactions'),
    ).toEqual([]);
    await mend(client, findings);
    await settled(client, `NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${pid})`);
    expect(await look(client, context, 'long-transactions')).toEqual([]);
  });

  test('the administrating role may do what it must, and what it may not see is unchecked', async () => {
    const { name, client } = await lab.database(
      'CREATE TABLE orders (id int PRIMARY KEY)',
      `CREATE ROLE admin_${lab.major} LOGIN PASSWORD 'once'`,
      `CREATE ROLE owner_${lab.major}`,
      `ALTER TABLE orders OWNER TO owner_${lab.major}`,
    );
    const role = `admin_${major}`;
    const decodes = supports(major, 'standby-logical-decoding');
    const topology = decodes
      ? hybridChain({ majorVersion: major, database: name, kind: LinkKind.NATIVE })
      : twoLinks(major, name, { native: PUBLIC });
    const context = { topology, server: 'onPremises' };
    await client.query(`SET ROLE ${role}`);
    const report = await runPreflight(client, context);
    const findings = found(report, 'privileges');
    const lacking = (what: string, fix: string) => ({
      severity: 'error',
      object: `"${role}"`,
      message: `role "${role}" ${what}; let a superuser grant it`,
      fix,
    });
    expect(findings).toEqual([
      lacking(
        `needs CREATE on database "${name}" of 'onPremises', for publications and the schema of this library`,
        `GRANT CREATE ON DATABASE "${name}" TO "${role}";`,
      ),
      ...(decodes
        ? [
            lacking(
              `needs REPLICATION on 'onPremises', to create slots and roles that replicate`,
              `ALTER ROLE "${role}" REPLICATION;`,
            ),
            lacking(
              `needs CREATEROLE on 'onPremises', to create roles that replicate`,
              `ALTER ROLE "${role}" CREATEROLE;`,
            ),
            lacking(
              `needs pg_signal_backend on 'onPremises', to disconnect the reader of a slot before the slot is dropped`,
              `GRANT pg_signal_backend TO "${role}";`,
            ),
            lacking(
              `needs EXECUTE on pg_log_standby_snapshot() of 'onPremises', without which a slot on its standby waits`,
              `GRANT EXECUTE ON FUNCTION pg_catalog.pg_log_standby_snapshot() TO "${role}";`,
            ),
          ]
        : [
            lacking(
              `must be superuser on 'onPremises', since before PostgreSQL 16 nobody else creates roles with REPLICATION`,
              `ALTER ROLE "${role}" SUPERUSER;`,
            ),
          ]),
      lacking(
        `needs the rights of "owner_${major}" on 'onPremises', who owns tables to publish`,
        `GRANT "owner_${major}" TO "${role}";`,
      ),
    ]);
    const unseen = [...found(report, 'access'), ...found(report, 'long-transactions')];
    expect(unseen).toEqual([
      {
        severity: 'unchecked',
        message: `pg_hba.conf could not be checked on 'onPremises', which said "permission denied for function pg_hba_file_rules" (42501); mend that, and check again`,
        fix: `GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO "${role}";`,
      },
      {
        severity: 'unchecked',
        object: `"${role}"`,
        message: expect.stringMatching(
          /^role "admin_\d\d" cannot see the transactions of \d+ sessions on 'onPremises'; let a superuser grant it pg_read_all_stats$/,
        ),
        fix: `GRANT pg_read_all_stats TO "${role}";`,
      },
    ]);
    await client.query('RESET ROLE');
    await mend(client, [...findings, ...unseen]);
    await client.query(`SET ROLE ${role}`);
    const mended = await runPreflight(client, context);
    expect(
      ['privileges', 'access', 'long-transactions'].flatMap((id) => found(mended, id)),
    ).toEqual([]);
  });

  test('the role that subscribes', async () => {
    const { name, client } = await lab.database(`CREATE ROLE subscriber_${major}`);
    const role = `subscriber_${major}`;
    const context = { topology: twoLinks(major, name, { native: PUBLIC }), server: 'warehouse' };
    await client.query(`SET ROLE ${role}`);
    const findings = await look(client, context, 'privileges');
    expect(findings).toEqual([
      {
        severity: 'error',
        object: `"${role}"`,
        message: `role "${role}" needs CREATE on database "${name}" of 'warehouse', for publications and the schema of this library; let a superuser grant it`,
        fix: `GRANT CREATE ON DATABASE "${name}" TO "${role}";`,
      },
      {
        severity: 'error',
        object: `"${role}"`,
        message: `role "${role}" needs the right to create subscriptions on 'warehouse'; let a superuser grant it`,
        fix: supports(major, 'create-subscription-role')
          ? `GRANT pg_create_subscription TO "${role}";`
          : `ALTER ROLE "${role}" SUPERUSER;`,
      },
    ]);
    await client.query('RESET ROLE');
    await mend(client, findings);
    await client.query(`SET ROLE ${role}`);
    expect(await look(client, context, 'privileges')).toEqual([]);
  });

  test('collations whose library changed', async () => {
    const { name, client } = await lab.database(
      `CREATE COLLATION public."Märchen" (provider = icu, locale = 'de')`,
      'CREATE TABLE tales (title text COLLATE public."Märchen" PRIMARY KEY)',
    );
    const { rows } = await client.query(
      `SELECT collversion AS version FROM pg_collation WHERE collname = 'Märchen'`,
    );
    await client.query(`UPDATE pg_collation SET collversion = '57' WHERE collname = 'Märchen'`);
    const context = { topology: twoLinks(major, name, { dms: PUBLIC }), server: 'onPremises' };
    const findings = await look(client, context, 'collations');
    expect(findings).toEqual([
      {
        severity: 'error',
        object: 'collation "public"."Märchen"',
        message: `collation "public"."Märchen" has version ${rows[0]?.version} on 'onPremises', and its indexes were built with 57, so that they may be out of order; rebuild them, then record the version`,
        fix: `REINDEX DATABASE "${name}";\nALTER COLLATION "public"."Märchen" REFRESH VERSION;`,
      },
    ]);
    await mend(client, findings);
    expect(await look(client, context, 'collations')).toEqual([]);
  });

  test('pg_hba.conf admits who must come in, by TLS and SCRAM', async () => {
    const { name, client } = await lab.database();
    const rule = { database: name, physical: false, user: 'dms', purpose: 'full load' };
    const context = {
      topology: twoLinks(major, name, { dms: PUBLIC }),
      server: 'onPremises',
      access: [
        { ...rule, address: '10.0.1.0/24' },
        { ...rule, address: '10.0.2.7/32' },
        { ...rule, address: 'fd00::/64', physical: true, user: 'standby' },
      ],
    };
    await lab.pg.server.setHba([
      ...LOOPBACK_HBA,
      'host all all 10.0.2.0 255.255.255.0 md5',
      'host all all 10.0.1.128/25 trust',
    ]);
    await settled(client, '(SELECT count(*) = 5 FROM pg_hba_file_rules)');
    const findings = await look(client, context, 'access');
    expect(findings).toEqual([
      {
        severity: 'unchecked',
        object: '"dms" from 10.0.1.0/24',
        message: `line 5 of pg_hba.conf on 'onPremises' may concern only a part of "dms" from 10.0.1.0/24 to database "${name}"; put a line of its own before it`,
        fix: `# full load\nhostssl "${name}" "dms" 10.0.1.0/24 scram-sha-256\n# then: SELECT pg_catalog.pg_reload_conf();`,
      },
      {
        severity: 'error',
        object: '"dms" from 10.0.2.7/32',
        message: `line 4 of pg_hba.conf on 'onPremises' must admit "dms" from 10.0.2.7/32 to database "${name}" by scram-sha-256, got md5; put a line before it`,
        fix: `# full load\nhostssl "${name}" "dms" 10.0.2.7/32 scram-sha-256\n# then: SELECT pg_catalog.pg_reload_conf();`,
      },
      {
        severity: 'error',
        object: '"standby" from fd00::/64',
        message: `pg_hba.conf of 'onPremises' must admit "standby" from fd00::/64 for physical replication, got no line for it; add one`,
        fix: `# full load\nhostssl replication "standby" fd00::/64 scram-sha-256\n# then: SELECT pg_catalog.pg_reload_conf();`,
      },
    ]);
    const lines = findings.map(({ fix }) => fix?.split('\n')[1] ?? '');
    await lab.pg.server.setHba([...lines, ...LOOPBACK_HBA]);
    await settled(client, '(SELECT count(*) = 6 FROM pg_hba_file_rules)');
    expect(await look(client, context, 'access')).toEqual([]);
    await expect(
      lab.pg.server.setHba([...LOOPBACK_HBA, 'host all all 10.0.0.0/8 magic']),
    ).rejects.toThrow('invalid authentication method "magic"');
    await settled(client, '(SELECT count(*) = 1 FROM pg_hba_file_rules WHERE error IS NOT NULL)');
    expect(await look(client, { ...context, access: [] }, 'access')).toEqual([
      {
        severity: 'error',
        object: 'line 4',
        message: `line 4 of pg_hba.conf on 'onPremises' cannot be read: invalid authentication method "magic"; correct it, or no change of the file takes effect`,
      },
    ]);
    await lab.pg.server.setHba(LOOPBACK_HBA);
  });

  test('each check that the topology asks for runs, and the server is left as it was', async () => {
    const { name, client } = await lab.database();
    const topology = twoLinks(major, name, { dms: PUBLIC, native: PUBLIC });
    for (const server of ['onPremises', 'aurora', 'warehouse']) {
      const report = await runPreflight(client, { topology, server });
      expect(report.checks.map(({ id }) => id)).toEqual(
        preflightChecks(topology, server).map(({ id }) => id),
      );
      expect(report.findings.filter(({ severity }) => severity === 'unchecked')).toEqual([]);
    }
    const { rows } = await client.query(
      `SELECT current_setting('search_path') AS path, current_setting('transaction_read_only') AS ro`,
    );
    expect(rows).toEqual([{ path: '"$user", public', ro: 'off' }]);
  });
});
