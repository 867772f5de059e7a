import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { awsSecrets } from '../../lib/endpoints/aws-secrets';

/** A stand-in for Secrets Manager: answers GetSecretValue with what the test put in. */
let server: Server;
let answers: Map<string, () => { readonly status: number; readonly body: object }>;
let asked: string[];
const environment = { ...process.env };

beforeAll(async () => {
  server = createServer();
  server.on('request', (request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { SecretId } = JSON.parse(await bodyOf(request));
    asked.push(SecretId);
    const { status, body } = answers.get(SecretId)?.() ?? {
      status: 400,
      body: { __type: 'ResourceNotFoundException', message: 'no such secret' },
    };
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
  });
});
afterAll(() => {
  process.env = environment;
  server.close();
});
beforeEach(() => {
  asked = [];
  answers = new Map();
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function secret(version: string, SecretString: string) {
  return () => ({ status: 200, body: { ARN: 'a', Name: 'a', VersionId: version, SecretString } });
}

test('a secret is fetched once, and again when it was refused', async () => {
  answers.set('db', secret('v1', '{"username": "alice", "password": "one", "port": "5432"}'));
  const store = awsSecrets();
  const [first, second] = await Promise.all([store.get('db'), store.get('db')]);
  expect([first.password, second.version, first.port]).toEqual(['one', 'v1', 5432]);

  answers.set('db', secret('v2', '{"username": "alice", "password": "two"}'));
  expect((await store.get('db')).password).toBe('one');
  expect((await store.get('db', { fresh: true })).password).toBe('two');
  expect((await store.get('db')).version).toBe('v2');
  expect(asked).toEqual(['db', 'db']);
});

test('a failure says what to do, and is not remembered', async () => {
  const store = awsSecrets();
  await expect(store.get('later')).rejects.toMatchObject({
    code: 'SECRET_UNAVAILABLE',
    message:
      "secret 'later' must be readable, got ResourceNotFoundException: no such secret; correct its ARN, or create it in this account and region",
  });

  answers.set('later', secret('v1', '{"username": "alice", "password": "one"}'));
  expect((await store.get('later')).username).toBe('alice');
});

test('a denial names the permissions', async () => {
  answers.set('db', () => ({
    status: 400,
    body: { __type: 'AccessDeniedException', message: 'not you' },
  }));
  await expect(awsSecrets().get('db')).rejects.toThrow(
    "secret 'db' must be readable, got AccessDeniedException: not you; allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key",
  );
});

test('binary data is no secret of a database', async () => {
  answers.set('db', () => ({ status: 200, body: { VersionId: 'v1', SecretBinary: 'aGk=' } }));
  await expect(awsSecrets().get('db')).rejects.toThrow(
    'secret \'db\' must be a text, got binary data; store it as {"username": "…", "password": "…"}',
  );
});
