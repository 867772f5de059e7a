import { walkCutover } from '../../../lib/handler/cutover';
import { CUTOVER_LIMITS, createSecret } from '../../../lib/postgres';

const connection = (server: string): object => ({
  server,
  host: '127.0.0.1',
  // Where nobody listens.
  port: 1,
  database: 'app',
  secret: 'secret:admin',
  caCertificate: 'aws-rds',
});

const INPUT = {
  plan: {
    migration: 'shop',
    from: 'blue',
    to: 'green',
    selection: { schemas: ['shop'] },
    forward: [
      {
        kind: 'native',
        decoder: 'blue',
        slotName: 'forward',
        subscription: 'forward',
        publication: 'forward',
      },
    ],
    keep: {},
    limits: CUTOVER_LIMITS,
  },
  connections: { blue: connection('blue'), green: connection('green') },
};

async function nameOf(action: 'settle' | 'prepare'): Promise<string> {
  const secrets = {
    get: async () => createSecret({ username: 'admin', password: 'x', version: '1' }),
  };
  const context = { remainingMs: () => 60_000, log: () => undefined };
  const walked = walkCutover(
    { pontoon: 'cutover', action, input: INPUT, owner: 'execution' },
    secrets,
    context,
  );
  return await walked.then(
    () => 'nothing failed',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

test('a server that does not answer after the opening does not say that nobody was fenced', async () => {
  const refused =
    'server "blue" (127.0.0.1:1, database "app") must let "admin" in for cutover shop, got connect ECONNREFUSED 127.0.0.1:1; start the server, or correct host and port';
  expect(await nameOf('settle')).toBe(
    `UNSETTLED: what follows the opening of 'green' did not begin: ${refused}; mend that and run it again, which moves no writer`,
  );
  expect(await nameOf('prepare')).toBe(`CONNECT_FAILED: ${refused}`);
});
