import { inspect } from 'node:util';
import { connect, scramVerifier, staticSecrets } from '../../lib/runner';
import { startTestServer, TEST_MAJORS, type TestServer } from '../servers';

const PRINTABLE_ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

const PASSWORDS = [
  PRINTABLE_ASCII.join(''),
  ' leading and trailing ',
  'tab\tand\nline',
  'Grüße, Jürgen',
  'Gru\u0308ße',
  'ﬁle ½ ² ª Ⅸ',
  'non\u00A0breaking\u2003space',
  'soft\u00ADhyphen',
  'пароль 密码 パスワード ﾊﾟｽﾜｰﾄﾞ',
  '🐘 and 𝕏'.normalize('NFKC'),
  'سر',
  'a سر b',
  'x'.repeat(900),
];

describe.each(TEST_MAJORS)('PostgreSQL %i', (major) => {
  let pg: TestServer;
  // Each character by itself takes long, and is the same to all of them.
  const passwords = major === 18 ? [...PASSWORDS, ...PRINTABLE_ASCII] : PASSWORDS;

  beforeAll(async () => {
    pg = await startTestServer({ major, name: 'scram' });
  });
  afterAll(() => pg.stop());

  test('a role made with a verifier logs in with its password', async () => {
    const admin = await pg.client();
    await admin.query('CREATE ROLE bob LOGIN');
    for (const password of passwords) {
      await admin.query(`ALTER ROLE bob PASSWORD '${scramVerifier(password)}'`);
      await expect(login(pg.server, password)).resolves.toBe('bob');
    }
    await expect(login(pg.server, 'another')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  });

  test('PostgreSQL itself makes verifiers of the same meaning', async () => {
    const admin = await pg.client();
    for (const password of passwords) {
      await admin.query(`DROP ROLE IF EXISTS carol`);
      await admin.query(`CREATE ROLE carol PASSWORD ${admin.escapeLiteral(password)}`);
      const { rows } = await admin.query(
        "SELECT rolpassword FROM pg_authid WHERE rolname = 'carol'",
      );
      const stored: string = rows[0].rolpassword;
      const [, iterations = '', salt = ''] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored) ?? [];
      const again = scramVerifier(password, {
        iterations: Number(iterations),
        salt: Buffer.from(salt, 'base64'),
      });
      expect({ password, verifier: again }).toEqual({ password, verifier: stored });
    }
  });
});

test('equal passwords get unequal verifiers', () => {
  expect(scramVerifier('a')).not.toBe(scramVerifier('a'));
});

test.each(['', 'a\0b', '\ud800'])('%j is refused', (password) => {
  expect(() => scramVerifier(password)).toThrow(
    "'password' must be a text of at least one character, without NUL and lone surrogates, got such a text; let one be generated, or use printable ASCII",
  );
});

test('a text that clients normalize differently is refused, and not shown', () => {
  // The elephant came after Unicode 3.2: prohibited, so that PostgreSQL takes the text raw, while pg turns ½ into 1⁄2.
  const password = 'secret 🐘 ½';
  let error: unknown;
  try {
    scramVerifier(password);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({
    code: 'INVALID_PASSWORD',
    message:
      "'password' cannot hold characters that clients normalize differently (RFC 4013), got such a text; let one be generated, or use printable ASCII",
  });
  expect(inspect(error)).not.toContain(password);
});

async function login(
  server: { readonly port: number; readonly caCertificate: string },
  password: string,
): Promise<string> {
  const client = await connect(
    {
      server: 'scram',
      host: '127.0.0.1',
      port: server.port,
      database: 'postgres',
      secret: 'bob',
      sslMode: 'verify-full',
      caCertificate: server.caCertificate,
    },
    staticSecrets({ bob: { username: 'bob', password } }),
    { purpose: 'test' },
  );
  const { rows } = await client.query('SELECT current_user AS name');
  await client.end();
  return rows[0].name;
}
