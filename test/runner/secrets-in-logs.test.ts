import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { managedAdmin } from '../../lib/rehearsal/servers';
import { startTestServer, type TestServer } from '../servers';
import { Link, RotatingSecrets } from './hybrid-chain';

const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
const ROLE = { kind: 'role', name: 'reader', secret: 'reader', replication: 'true' };

describe.each([15, 17])('a PostgreSQL %i that logs every statement', (major) => {
  let pg: TestServer;
  let link: Link;
  let managed: Client;
  let secrets: RotatingSecrets;

  beforeAll(async () => {
    pg = await startTestServer({
      major,
      superuser: 'rdsadmin',
      settings: { wal_level: 'logical', session_preload_libraries: 'auto_explain' },
    });
    secrets = new RotatingSecrets();
    secrets.set('reader', 'reader', PRINTABLE);
    const admin = { user: 'dbadmin', password: 'the admin of a cloud' };
    await managedAdmin(pg.server, { admin, database: 'app' });
    // Only now: making the admin is not what is tested.
    await pg.server.configure({ log_statement: 'all', log_min_error_statement: 'error' });
    managed = new Client(pg.server.connectionConfig('app', admin));
    await managed.connect();
    link = new Link('a', await pg.client(), secrets);
    await link.client.query(
      'CREATE TABLE orders (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE orders',
    );
    await link.apply({ kind: 'ledger' });
  });
  afterAll(async () => {
    await managed.end();
    await pg.stop();
  });

  const subscription = (publications: readonly string[]) => ({
    kind: 'subscription',
    name: 's',
    publisher: {
      server: 'a',
      host: pg.server.host,
      port: pg.server.port,
      database: 'postgres',
      secret: 'reader',
      sslMode: 'require',
    },
    publications,
    slotName: 's',
    copyData: 'false',
  });

  async function expectNoSecret(): Promise<void> {
    const log = await readFile(pg.server.logFile, 'utf8');
    expect(log).toContain('CREATE PUBLICATION p');
    // In a literal or a connection string the password's quotes and backslashes are doubled; its letters are not.
    for (const part of [...PRINTABLE.split(/['\\]/), 'SCRAM-SHA-256$'])
      expect(log).not.toContain(part);
  }

  test('tells no password of a role, which logs in by every printable character', async () => {
    await link.apply(ROLE);
    const client = new Client(
      pg.server.connectionConfig('postgres', { user: 'reader', password: PRINTABLE }),
    );
    await client.connect();
    await client.end();
    await expect(link.apply({ ...ROLE, memberOf: ['nobody'] })).rejects.toThrow(
      'cannot grant "nobody" to "reader": the server said "role "nobody" does not exist" [42704]',
    );
    await expectNoSecret();
  });

  test('tells no password of a subscription, which logs in by it', async () => {
    await link.client.query(`SELECT pg_create_logical_replication_slot('s', 'pgoutput')`);
    await link.apply(subscription(['p']));
    await link.until(`SELECT active FROM pg_replication_slots WHERE slot_name = 's'`, true);
    await link.drop(subscription(['p']));
    await expectNoSecret();
  });

  test('sets no password where the log cannot be closed', async () => {
    const cloud = new Link('c', managed, secrets);
    await cloud.apply({ kind: 'ledger' });
    secrets.set('other', 'other', 'never logged');
    await expect(cloud.apply({ kind: 'role', name: 'other', secret: 'other' })).rejects.toThrow(
      `the server's log must not record statements while a password is set, got log_statement = all; reset it for this role or database, or grant the role SET on these parameters`,
    );
    expect(await cloud.value(`SELECT count(*)::int FROM pg_roles WHERE rolname = 'other'`)).toBe(0);
    expect(await cloud.value('SELECT count(*)::int FROM pontoon.objects')).toBe(0);
    expect(await readFile(pg.server.logFile, 'utf8')).not.toContain('never logged');
  });

  test.each([
    ['log_parser_stats', 'on', 'off'],
    ['log_transaction_sample_rate', '1', '0'],
    ['auto_explain.log_min_duration', '0', '-1'],
  ])('neither under %s = %s', async (name, value, quiet) => {
    const cloud = new Link('c', managed, secrets);
    await pg.server.configure({ log_statement: 'none', [name]: value });
    await cloud.until(`SELECT current_setting('${name}')`, value);
    secrets.set('other', 'other', 'never logged');
    await expect(cloud.apply({ kind: 'role', name: 'other', secret: 'other' })).rejects.toThrow(
      `the server's log must not record statements while a password is set, got ${name} = ${value}; reset it for this role or database, or grant the role SET on these parameters`,
    );
    // A superuser closes it.
    await link.apply({ kind: 'role', name: 'reader', secret: 'reader' });
    await link.drop({ kind: 'role', name: 'reader', secret: 'reader' });
    await pg.server.configure({ log_statement: 'all', [name]: quiet });
    await expectNoSecret();
  });

  test('closes what anybody may close', async () => {
    const cloud = new Link('c', managed, secrets);
    await pg.server.configure({ log_statement: 'none', debug_print_parse: 'on' });
    await cloud.until(`SELECT current_setting('debug_print_parse')`, 'on');
    secrets.set('other', 'other', 'never logged');
    await cloud.apply({ kind: 'role', name: 'other', secret: 'other' });
    expect(await cloud.value(`SELECT current_setting('debug_print_parse')`)).toBe('on');
    await cloud.drop({ kind: 'role', name: 'other', secret: 'other' });
    await pg.server.configure({ log_statement: 'all', debug_print_parse: 'off' });
    await expectNoSecret();
  });

  test('tells no password of a subscription that cannot be made', async () => {
    secrets.set('reader', 'reader', PRINTABLE);
    await expect(
      link.apply({ ...subscription(['p']), publications: ['p'], slotName: 'nowhere' }),
    ).rejects.toThrow(
      /^cannot take up the published tables in subscription "s": the server said "/,
    );
    await expectNoSecret();
  });
});
