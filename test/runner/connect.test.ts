import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import { type Connection, createSecret, type SecretStore } from '../../lib/postgres';
import { connect, scramVerifier, staticSecrets, waitUntil, withConnection } from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';

const PASSWORD = 'correct horse 🐎 \'"\\%$&=';

let pg: TestServer;

beforeAll(async () => {
  pg = await startTestServer({
    name: 'connect',
    hba: [
      'hostssl all clear 127.0.0.1/32 password',
      'hostssl all md5 127.0.0.1/32 md5',
      'hostssl all trusted 127.0.0.1/32 trust',
      'hostssl all alice 127.0.0.1/32 scram-sha-256',
      'hostssl replication alice 127.0.0.1/32 scram-sha-256',
    ],
    settings: { wal_level: 'logical' },
  });
  const client = await pg.client();
  await client.query(
    `CREATE ROLE alice LOGIN REPLICATION PASSWORD '${scramVerifier(PASSWORD)}';
     CREATE ROLE clear LOGIN PASSWORD '${scramVerifier(PASSWORD)}';
     CREATE ROLE trusted LOGIN PASSWORD '${scramVerifier(PASSWORD)}';
     SET password_encryption = md5;
     CREATE ROLE md5 LOGIN PASSWORD 'secret'`,
  );
});
afterAll(() => pg.stop());

function connectionTo(changes: Partial<Connection> = {}): Connection {
  return {
    server: 'aurora',
    host: '127.0.0.1',
    port: pg.server.port,
    database: 'postgres',
    secret: 'alice',
    sslMode: 'verify-full',
    caCertificate: pg.server.caCertificate,
    ...changes,
  };
}

const secrets = staticSecrets({
  alice: { username: 'alice', password: PASSWORD },
  clear: { username: 'clear', password: PASSWORD },
  md5: { username: 'md5', password: 'secret' },
  trusted: { username: 'trusted', password: PASSWORD },
  wrong: { username: 'alice', password: 'wrong' },
});

async function failure(changes: Partial<Connection>, connectTimeoutMs = 10_000) {
  const attempt = connect(connectionTo(changes), secrets, { purpose: 'test', connectTimeoutMs });
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'PontoonError', code: 'CONNECT_FAILED' });
  expect(inspect(error, { showHidden: true, depth: null })).not.toContain(PASSWORD);
  return (error as Error).message.replace(`:${pg.server.port}`, ':<port>');
}

async function listen(server: Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('a session is encrypted, limited, and finds names in pg_catalog only', async () => {
  const shown = await withConnection(
    connectionTo(),
    secrets,
    {
      purpose: 'test',
      statementTimeoutMs: 0,
      lockTimeoutMs: 7000,
      readOnly: true,
      comparable: true,
    },
    async (client) => {
      const { rows } = await client.query(
        `SELECT application_name, ssl, version, current_setting('search_path') AS path,
                current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
                current_setting('idle_session_timeout') AS idle,
                current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction,
                current_setting('transaction_read_only') AS read_only, concat_ws(' ', current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle')) AS formats,
                current_setting('client_encoding') AS encoding
         FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE pid = pg_backend_pid()`,
      );
      return rows;
    },
  );

  expect(shown).toEqual([
    {
      application_name: 'pontoon test',
      ssl: true,
      version: 'TLSv1.3',
      path: 'pg_catalog',
      statement: '0',
      lock: '7s',
      idle: '10min',
      idle_in_transaction: '1min',
      read_only: 'on',
      formats: 'UTC ISO, MDY postgres',
      encoding: 'UTF8',
    },
  ]);
});

test('withConnection closes the session when its user fails', async () => {
  const use = withConnection(connectionTo(), secrets, { purpose: 'leak' }, async () => {
    throw new Error('no');
  });
  await expect(use).rejects.toThrow('no');

  const client = await pg.client();
  await waitUntil({
    what: 'the session must end',
    deadlineMs: 60_000,
    probe: async () => {
      const { rows } = await client.query(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pontoon leak'",
      );
      return rows.length === 0
        ? { done: true, value: undefined }
        : { done: false, reason: 'it is there' };
    },
  });
});

test.each(['database', 'server'] as const)(
  'the replication protocol for one %s',
  async (replication) => {
    const system = await withConnection(
      connectionTo(),
      secrets,
      { purpose: 'test', replication },
      async (client) => (await client.query('IDENTIFY_SYSTEM')).rows,
    );

    expect(system).toEqual([
      expect.objectContaining({ dbname: replication === 'database' ? 'postgres' : null }),
    ]);
  },
);

test('the password is nowhere on the client', async () => {
  await withConnection(connectionTo(), secrets, { purpose: 'test' }, async (client) => {
    const shown = inspect(client, { showHidden: true, depth: null });
    expect(shown).toContain('alice');
    expect(shown).not.toContain('correct horse');
    expect(JSON.stringify(Object.getOwnPropertyNames(client))).not.toContain('password');
  });
});

describe('a server that wants less than SCRAM is refused, and never sees the password', () => {
  test.each([
    ['clear', 'the password in clear'],
    ['md5', 'an MD5 hash of the password'],
    ['trusted', 'no password at all'],
  ])('%s', async (role, asked) => {
    expect(await failure({ secret: role })).toBe(
      `server "aurora" (127.0.0.1:<port>, database "postgres") must let "${role}" in for test, got a login that asks for ${asked} where only SCRAM is safe; set password_encryption to 'scram-sha-256', set the role's password again, and let it in with scram-sha-256 in pg_hba.conf`,
    );
  });
});

test('a wrong password', async () => {
  expect(await failure({ secret: 'wrong' })).toBe(
    'server "aurora" (127.0.0.1:<port>, database "postgres") must let "alice" in for test, got 28P01 password authentication failed for user "alice"; store the role’s present password in the secret',
  );
});

test('a database that does not exist', async () => {
  expect(await failure({ database: 'no such' })).toBe(
    'server "aurora" (127.0.0.1:<port>, database "no such") must let "alice" in for test, got 3D000 database "no such" does not exist; correct the database’s name, or create it',
  );
});

test('a role that pg_hba.conf does not name', async () => {
  const nobody = staticSecrets({ alice: { username: 'nobody', password: 'x' } });
  await expect(connect(connectionTo(), nobody, { purpose: 'test' })).rejects.toThrow(
    'got 28000 no pg_hba.conf entry for host "127.0.0.1", user "nobody", database "postgres", SSL encryption; let this role in by a hostssl line of pg_hba.conf with scram-sha-256',
  );
});

test('nobody listens', async () => {
  const server = createServer();
  const port = await listen(server, '127.0.0.1');
  server.close();
  await once(server, 'close');

  expect(await failure({ port })).toBe(
    `server "aurora" (127.0.0.1:${port}, database "postgres") must let "alice" in for test, got connect ECONNREFUSED 127.0.0.1:${port}; start the server, or correct host and port`,
  );
});

test('a server that never answers', async () => {
  const server = createServer();
  const port = await listen(server, '127.0.0.1');

  expect(await failure({ port }, 200)).toBe(
    `server "aurora" (127.0.0.1:${port}, database "postgres") must let "alice" in for test, got timeout expired; check the route and the firewall rules in between`,
  );
  server.close();
});

test('a server without TLS', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.end('N')));
  const port = await listen(server, '127.0.0.1');

  expect(await failure({ port })).toBe(
    `server "aurora" (127.0.0.1:${port}, database "postgres") must let "alice" in for test, got The server does not support SSL connections; set ssl to 'on' and give the server a certificate`,
  );
  server.close();
});

test('a certificate of an authority that is not trusted, such as one that is not of Amazon RDS', async () => {
  expect(await failure({ caCertificate: 'aws-rds' })).toBe(
    'server "aurora" (127.0.0.1:<port>, database "postgres") must let "alice" in for test, got UNABLE_TO_VERIFY_LEAF_SIGNATURE unable to verify the first certificate; give the authority that issued the server’s certificate as caCertificate',
  );
});

describe('a certificate for another name', () => {
  let proxy: Server;
  let port: number;

  beforeAll(async () => {
    proxy = createServer((socket) => {
      const onward = connectSocket(pg.server.port, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => undefined);
    });
    port = await listen(proxy, '127.0.0.2');
  });
  afterAll(() => {
    proxy.close();
  });

  test('is refused under verify-full', async () => {
    expect(await failure({ host: '127.0.0.2', port })).toBe(
      `server "aurora" (127.0.0.2:${port}, database "postgres") must let "alice" in for test, got ERR_TLS_CERT_ALTNAME_INVALID Hostname/IP does not match certificate's altnames: IP: 127.0.0.2 is not in the cert's list: 127.0.0.1; connect by a name or address of the certificate, or set sslMode to verify-ca if none can match`,
    );
  });

  test('is taken under verify-ca, but not without its authority', async () => {
    const there = { host: '127.0.0.2', port, sslMode: 'verify-ca' } as const;
    const client = await connect(connectionTo(there), secrets, { purpose: 'test' });
    await client.end();

    expect(await failure({ ...there, caCertificate: 'aws-rds' })).toContain(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });
});

test('a password that was rotated since it was fetched is fetched again', async () => {
  const asked: boolean[] = [];
  const rotated: SecretStore = {
    get: async (_reference, { fresh = false } = {}) => {
      asked.push(fresh);
      const password = fresh ? PASSWORD : 'the old one';
      return createSecret({ username: 'alice', password, version: fresh ? '2' : '1' });
    },
  };

  await withConnection(connectionTo(), rotated, { purpose: 'test' }, async () => undefined);

  expect(asked).toEqual([false, true]);
});
