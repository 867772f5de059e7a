import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSecrets, staticSecrets } from '../../lib/runner';

describe('secrets that are given', () => {
  const store = staticSecrets({ a: { username: 'alice', password: 'pa ss' } });

  test('are found by their reference', async () => {
    const secret = await store.get('a');
    expect([secret.username, secret.password, secret.version]).toEqual([
      'alice',
      'pa ss',
      'static',
    ]);
  });

  test('and no others', async () => {
    await expect(store.get('b')).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      message: "secret 'b' must be one of those given, got 'a'; add it",
    });
  });
});

describe('environment variables', () => {
  test('env:PG stands for PGUSER and PGPASSWORD', async () => {
    const store = environmentSecrets({ PGUSER: 'alice', PGPASSWORD: '' });
    const secret = await store.get('env:PG');
    expect([secret.username, secret.password]).toEqual(['alice', '']);
  });

  test.each([
    [{ A_USER: 'alice' }, 'no A_PASSWORD'],
    [{}, 'no A_USER and no A_PASSWORD'],
  ])('%j is not enough', async (environment, missing) => {
    await expect(environmentSecrets(environment).get('env:A_')).rejects.toThrow(
      `secret 'env:A_' requires the environment variables A_USER and A_PASSWORD, got ${missing}; set them`,
    );
  });

  test('another reference is refused', async () => {
    await expect(environmentSecrets({}).get('production')).rejects.toThrow(
      "'secret' must be written as 'env:PREFIX' or 'file:/path', got another text, which is not shown; set the variables PREFIXUSER and PREFIXPASSWORD, or write the file",
    );
  });
});

describe('files', () => {
  let directory: string;
  const store = environmentSecrets({});

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pontoon-secrets-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function file(name: string, content: string, mode = 0o600): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, content, { mode });
    return `file:${path}`;
  }

  test('hold a secret as Secrets Manager does', async () => {
    const content = {
      username: 'alice',
      password: '"\\',
      host: 'db.internal',
      port: 5433,
      engine: 'x',
    };
    const secret = await store.get(await file('good.json', JSON.stringify(content)));
    expect({ ...secret, password: secret.password }).toEqual({
      username: 'alice',
      password: '"\\',
      host: 'db.internal',
      port: 5433,
      version: expect.stringMatching(/^\d+/),
    });
  });

  test('that others may read are refused', async () => {
    const reference = await file('open.json', '{"username": "a", "password": "hush"}', 0o640);
    await expect(store.get(reference)).rejects.toThrow(
      `secret '${reference}' must be readable by its owner only, got mode 0640; run chmod 0600 on it`,
    );
  });

  test('that do not exist', async () => {
    const reference = `file:${directory}/none`;
    await expect(store.get(reference)).rejects.toThrow(
      `secret '${reference}' must be a readable file, got ENOENT; write {"username": "…", "password": "…"} to it`,
    );
  });

  test.each([
    ['hush', 'must be JSON, got something else'],
    [
      '{"password": "hush"}',
      'must have the texts "username" and "password", got JSON without them',
    ],
    [
      '{"username": "a", "password": ["hush"]}',
      'must have the texts "username" and "password", got JSON without them',
    ],
    ['["hush"]', 'must have the texts "username" and "password", got JSON without them'],
  ])('with %j inside are refused without showing it', async (content, rule) => {
    const reference = await file('bad.json', content);
    await expect(store.get(reference)).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      message: `secret '${reference}' ${rule}; store it as {"username": "…", "password": "…"}`,
    });
  });
});
