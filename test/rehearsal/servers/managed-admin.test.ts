import { Client } from 'pg';
import { supports } from '../../../lib/postgres';
import {
  elevated,
  honourReplicationMembers,
  type ManagedAdmin,
  managedAdmin,
  randomPassword,
} from '../../../lib/rehearsal/servers';
import { startTestServer, TEST_MAJORS, type TestServer } from '../../servers';

const admin = { user: 'postgres', password: ` '"\\${randomPassword()}` };

describe.each(TEST_MAJORS)('the admin of a managed server of PostgreSQL %i', (major) => {
  let test: TestServer;
  let managed: ManagedAdmin;
  let client: Client;

  beforeAll(async () => {
    test = await startTestServer({
      major,
      superuser: 'rdsadmin',
      settings: { wal_level: 'logical', log_statement: 'all' },
    });
    managed = await managedAdmin(test.server, { admin, database: 'App "1"' });
    client = new Client(test.server.connectionConfig('App "1"', admin));
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await test.stop();
  });

  it('is no superuser and owns its database', async () => {
    const { rows } = await client.query(
      `SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication,
              pg_has_role('rds_superuser', 'MEMBER') AS member,
              (SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()) AS owner
         FROM pg_roles WHERE rolname = current_user`,
    );
    expect(rows).toEqual([
      {
        rolsuper: false,
        rolcreatedb: true,
        rolcreaterole: true,
        rolreplication: true,
        member: true,
        owner: 'postgres',
      },
    ]);
  });

  it('makes roles and gives them replication as Aurora documents it', async () => {
    await client.query('CREATE ROLE dms LOGIN');
    await client.query('GRANT rds_replication TO dms');
    expect(await honourReplicationMembers(test.server)).toEqual([
      { name: '"dms" has REPLICATION', reason: expect.stringContaining('rds_replication') },
    ]);
    expect(await honourReplicationMembers(test.server)).toEqual([]);
  });

  it('uses logical slots', async () => {
    await client.query("SELECT pg_create_logical_replication_slot('s', 'test_decoding')");
    await client.query("SELECT pg_drop_replication_slot('s')");
  });

  it('sees and ends the sessions of others', async () => {
    const app = { user: 'app', password: randomPassword() };
    await client.query(`CREATE ROLE app LOGIN PASSWORD '${app.password}'`);
    const other = new Client(test.server.connectionConfig('App "1"', app));
    const ended = new Promise<Error>((resolve) => other.on('error', resolve));
    await other.connect();
    await other.query("SELECT 'mine'");
    const { rows } = await client.query<{ query: string }>(
      `SELECT query, pg_terminate_backend(pid) AS ended
         FROM pg_stat_activity WHERE usename = 'app'`,
    );
    expect(rows).toEqual([{ query: "SELECT 'mine'", ended: true }]);
    expect((await ended).message).toBe('terminating connection due to administrator command');
  });

  const mayIgnoreTriggers = supports(major, 'parameter-privileges');
  it(`${mayIgnoreTriggers ? 'may' : 'may not'} set session_replication_role`, async () => {
    const attempt = client.query('SET session_replication_role = replica');
    if (mayIgnoreTriggers) await attempt;
    else await expect(attempt).rejects.toThrow(/permission denied to set parameter/);
    await client.query('RESET session_replication_role').catch(() => undefined);
    const gaps = managed.gaps.map(({ name }) => name);
    expect(gaps.includes('SET session_replication_role')).toBe(!mayIgnoreTriggers);
  });

  const subscribes = supports(major, 'create-subscription-role');
  it(`creates subscriptions ${subscribes ? 'by itself' : 'when elevated'}`, async () => {
    const statement = `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password=x dbname=x'
                        PUBLICATION p WITH (connect = false, slot_name = NONE)`;
    if (!subscribes) {
      await expect(client.query(statement)).rejects.toThrow(
        'must be superuser to create subscriptions',
      );
      const { shim } = await elevated(
        test.server,
        { role: 'postgres', statement: 'CREATE SUBSCRIPTION' },
        () => client.query(statement),
      );
      expect(shim).toEqual({
        name: '"postgres" is a superuser during CREATE SUBSCRIPTION',
        reason: `the cloud lets its admin run it; PostgreSQL ${major} asks for a superuser`,
      });
    } else await client.query(statement);
    expect(managed.gaps.some(({ name }) => name === 'CREATE SUBSCRIPTION')).toBe(!subscribes);
    const { rows } = await client.query(
      'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false }]);
    await client.query('DROP SUBSCRIPTION s');
  });

  it('is refused FOR ALL TABLES, which is listed', async () => {
    await expect(client.query('CREATE PUBLICATION p FOR ALL TABLES')).rejects.toThrow(
      'must be superuser to create FOR ALL TABLES publication',
    );
    expect(managed.gaps.map(({ name }) => name)).toContain(
      'CREATE PUBLICATION … FOR ALL TABLES, FOR TABLES IN SCHEMA',
    );
  });

  it('lists every privilege with a reason', () => {
    expect(managed.shims.length).toBeGreaterThan(3);
    for (const { name, reason } of managed.shims) {
      expect(name).not.toBe('');
      expect(reason).not.toBe('');
    }
  });
});

it('refuses an admin with the name of the superuser', async () => {
  const test = await startTestServer();
  await expect(managedAdmin(test.server, { admin, database: 'x' })).rejects.toThrow(
    `'superuser' of server "test" must differ from its admin, got "postgres" for both; create the server with superuser 'rdsadmin'`,
  );
  await test.stop();
});
