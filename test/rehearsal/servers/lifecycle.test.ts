import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer as listenTcp } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { Client } from 'pg';
import { createServer, LOOPBACK_HBA, Workspace } from '../../../lib/rehearsal/servers';
import { startTestServer, type TestServer } from '../../servers';

describe('a server', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await startTestServer({
      hostNames: ['db.example.internal', '10.1.2.3'],
      settings: { listen_addresses: '*', port: '5432' },
    });
  });
  afterAll(() => test.stop());

  const show = async (name: string): Promise<unknown> => {
    const client = new Client(test.server.controlConfig());
    await client.connect();
    const { rows } = await client
      .query('SELECT current_setting($1) AS value', [name])
      .finally(() => client.end());
    return rows[0]?.value;
  };

  it('changes settings while it runs and names those that wait for a restart', async () => {
    expect(await test.server.configure({ work_mem: '7MB', max_connections: '33' })).toEqual([
      'max_connections',
    ]);
    expect(await show('work_mem')).toBe('7MB');
    await test.server.restart();
    expect(await show('max_connections')).toBe('33');
    expect(await show('work_mem')).toBe('7MB');
  });

  it('passes every text of a setting on as it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', "'", '\\', '#', ' ', '\n', 'é') }),
        async (value) => {
          await test.server.configure({ 'pontoon.text': value });
          expect(await show('pontoon.text')).toBe(value);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('says which settings it does not accept', async () => {
    await expect(test.server.configure({ work_mem: 'much' })).rejects.toThrow(
      'server "test" must accept its configuration, got work_mem: setting could not be applied; correct it',
    );
    await test.server.configure({ work_mem: '4MB' });
    await expect(test.server.configure({ 'a b': '1' })).rejects.toThrow(
      `a server setting must have a name of letters, digits and '_', got "a b"; correct it`,
    );
    expect(await test.server.configure({ work_mem: '5MB' })).toEqual([]);
  });

  it('says which lines of pg_hba.conf it does not accept', async () => {
    await expect(test.server.setHba(['hostssl all all nowhere'])).rejects.toThrow(
      'server "test" must accept its configuration, got pg_hba.conf line 2: end-of-line before authentication method; correct it',
    );
    await test.server.setHba(LOOPBACK_HBA);
  });

  it('lets in by its lines only, but for the superuser through its socket', async () => {
    await test.server.setHba([]);
    await expect(new Client(test.server.connectionConfig()).connect()).rejects.toThrow(
      /no pg_hba.conf entry/,
    );
    expect(await show('hba_file')).toContain(test.workspace.directory);
    await test.server.setHba(LOOPBACK_HBA);
  });

  it('lists what the rehearsal decided instead of the template', () => {
    expect(test.server.shims.map(({ name }) => name)).toEqual([
      `port = ${test.server.port} instead of 5432`,
      'listen_addresses = 127.0.0.1 instead of *',
      'fsync = off',
      'dynamic_shared_memory_type = mmap',
    ]);
  });

  it.each([
    ['127.0.0.1', true],
    ['localhost', true],
    ['db.example.internal', true],
    ['10.1.2.3', true],
    ['evil.example', false],
  ])('has a certificate for %s: %s', async (host, valid) => {
    const config = test.server.connectionConfig();
    const client = new Client({ ...config, ssl: { ca: test.server.caCertificate, host } });
    const connected = client.connect();
    if (valid) await connected.then(() => client.end());
    else await expect(connected).rejects.toThrow(/does not match certificate's altnames/);
  });

  it('is not trusted by the certificates of another rehearsal', async () => {
    const other = await Workspace.open();
    const stranger = await createServer(other, { name: 'other', major: 17 });
    await other.dispose();
    const config = test.server.connectionConfig();
    const ssl = { ca: stranger.caCertificate, host: '127.0.0.1' };
    await expect(new Client({ ...config, ssl }).connect()).rejects.toThrow(/certificate/);
  });

  it('keeps its port and its rows when it is killed and started', async () => {
    const { port } = test.server;
    const client = await test.client();
    await client.query('CREATE TABLE kept AS SELECT 1 AS id');
    const { pid } = test.server;
    await test.server.kill();
    expect(test.server.pid).toBeUndefined();
    await test.server.start();
    expect(test.server.pid).not.toBe(pid);
    expect(test.server.port).toBe(port);
    const { rows } = await (await test.client()).query('SELECT id FROM kept');
    expect(rows).toEqual([{ id: 1 }]);
  });

  it('starts and stops as often as it is told', async () => {
    await test.server.start();
    await test.server.stop('immediate');
    await test.server.stop();
    await test.server.start();
    await test.server.stop('fast');
    await test.server.start();
    expect(test.server.pid).toBeDefined();
  });

  it('keeps its secrets from other users and out of its log and process list', async () => {
    for (const file of ['ca.crt', 'server.key', 'pg_hba.conf', 'log']) {
      expect((await stat(join(test.server.socketDirectory, file))).mode & 0o077).toBe(0);
    }
    expect(await readFile(test.server.logFile, 'utf8')).not.toContain(
      test.server.superuser.password,
    );
  });
});

it('takes another port when somebody has taken the first', async () => {
  const workspace = await Workspace.open();
  const server = await createServer(workspace, { name: 'late', major: 17 });
  const { port } = server;
  const taker = listenTcp().listen(port, '127.0.0.1');
  await once(taker, 'listening');
  await server.start();
  expect(server.port).not.toBe(port);
  const client = new Client(server.connectionConfig());
  await client.connect();
  await client.end();
  taker.close();
  await workspace.dispose();
});

it('says in the words of the log why it does not start', async () => {
  const workspace = await Workspace.open();
  const server = await createServer(workspace, {
    name: 'wrong',
    major: 17,
    settings: { max_wal_senders: 'many' },
  });
  await expect(server.start()).rejects.toThrow(
    /^a server must accept connections before the deadline, got this in its log; correct its settings:\n.*invalid value for parameter "max_wal_senders": "many"\n.*contains errors$/s,
  );
  await workspace.dispose();
});
