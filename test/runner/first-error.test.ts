// What failed first is what is told: ends that fail after it say nothing new.
import type { Client } from 'pg';
import { PontoonError, sql } from '../../lib/postgres';
import { Ledger } from '../../lib/runner';
import { runSteps } from '../../lib/runner/steps';
import { startTestServer, type TestServer } from '../servers';

const KEY = { server: 'a', kind: 'role', name: 'r' };

let pg: TestServer;

beforeAll(async () => {
  pg = await startTestServer();
});
afterAll(() => pg.stop());

const step = (title: string, text: string) => ({
  title,
  statement: sql(text),
  alone: false,
  needsStandbySnapshot: false,
});

/** Ends the session from within, so that nothing can be asked of it any more. */
const END = 'SELECT pg_terminate_backend(pg_backend_pid())';

async function session(): Promise<Client> {
  const client = await pg.client();
  client.on('error', () => undefined);
  return client;
}

test('a step that fails is told, not the rollback that its session cannot do any more', async () => {
  const client = await session();
  await expect(
    runSteps({ client }, [step('begin well', 'SELECT 1'), step('lose the session', END)]),
  ).rejects.toThrow(
    'cannot lose the session: the server said "terminating connection due to administrator command" [57P01]',
  );
});

test('a failed step is rolled back with those before it', async () => {
  const client = await session();
  const steps = [step('make', 'CREATE TABLE made ()'), step('divide', 'SELECT 1 / 0')];
  await expect(runSteps({ client }, steps)).rejects.toThrow(
    'cannot divide: the server said "division by zero" [22012]',
  );
  const { rows } = await client.query(`SELECT to_regclass('made') AS made`);
  expect(rows).toEqual([{ made: null }]);
});

test('what failed under a lock is told, not the unlocking of a session that is gone', async () => {
  const client = await session();
  const failing = new Ledger(client, 'a').alone(KEY, async () => {
    await client.query(END).catch(() => undefined);
    throw new PontoonError('FIRST', 'what failed first');
  });
  await expect(failing).rejects.toMatchObject({ code: 'FIRST', message: 'what failed first' });
});

test('an unlocking that fails after work that did not is told', async () => {
  const client = await session();
  const work = new Ledger(client, 'a').alone(KEY, async () => {
    await client.query(END).catch(() => undefined);
  });
  await expect(work).rejects.toThrow(
    'cannot run SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1, 0)): the server said "Connection terminated unexpectedly"',
  );
});

test('a lock is free again, whatever became of the work', async () => {
  const [one, two] = [await session(), await session()];
  const failing = new Ledger(one, 'a').alone(KEY, async () => {
    throw new PontoonError('FIRST', 'what failed first');
  });
  await expect(failing).rejects.toThrow('what failed first');
  expect(await new Ledger(two, 'a').alone(KEY, async () => 'free')).toBe('free');
});

test('a step for a standby asks for its primary', async () => {
  const client = await session();
  const waiting = { ...step('make a slot', 'SELECT 1'), alone: true, needsStandbySnapshot: true };
  await expect(runSteps({ client }, [waiting])).rejects.toMatchObject({
    code: 'NO_PRIMARY',
    message:
      "cannot make a slot: 'primary' must be given for a standby, got nothing; add the connection to its primary",
  });
});
