import type { Client } from 'pg';
import {
  type DatabaseLimit,
  databaseLimits,
  fenceDatabases,
  noteReplaced,
} from '../../../lib/postgres';
import { dryRunPromotion, type PromotionEvent, promote } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
const LOST = {
  kind: 'everything-after',
  after: expect.any(String),
  bytes: expect.stringMatching(/^[1-9]\d+$/),
};
const SAID = { kind: 'said-before', after: expect.any(String) };

let lab: ClusterLab;
beforeAll(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
  await lab.server(PRIMARY).kill();
  await promote({ input: lab.input({ to: 'replica1' }), declareLost: true }, lab);
  await lab.server(PRIMARY).start();
});
afterAll(async () => await lab?.close());

/** What is done of the old primary before it is done, and how it is done. */
async function again(): Promise<{
  readonly planned: readonly string[];
  readonly loss: unknown;
  readonly remarks: readonly string[];
}> {
  const { actions } = await dryRunPromotion({ input: lab.input() }, lab);
  const planned = actions.flatMap(({ step, what }) => (step === 'keep-out' ? [what] : []));
  const { result, loss, remarks } = await promote({ input: lab.input() }, lab);
  expect(result).toBe('already-promoted');
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  return { planned, loss, remarks };
}

/** Fences as a run does that is killed before it ends anybody. */
async function fencedOnly(client: Client): Promise<void> {
  const { rows } = await client.query(databaseLimits().text);
  const databases = rows as unknown as readonly DatabaseLimit[];
  const statements = [
    ...fenceDatabases(databases),
    ...noteReplaced(databases, { server: 'replica1', timeline: 1 }),
  ];
  await client.query(statements.map(({ text }) => text).join(';'));
}

test('whom a run that was cut off has left behind the fence is sent away', async () => {
  const app = await lab.application(PRIMARY);
  await fencedOnly(await lab.client(PRIMARY));
  await app.query('INSERT INTO t VALUES (1, 1)');
  const { planned, loss, remarks } = await again();
  expect(planned).toEqual([]);
  expect(loss).toEqual(LOST);
  expect(remarks).toEqual([
    expect.stringMatching(
      /^'primary' was replaced, and holds sessions that a fence does not end: superuser 'postgres' in database 'shop', process \d+; end them, since what they write there is lost$/,
    ),
  ]);
  await expect(app.query('INSERT INTO t VALUES (2, 1)')).rejects.toThrow(/terminat|queryable/);
});

test('a superuser on it keeps no clients of the new primary waiting', async () => {
  await lab.client(PRIMARY);
  const steps: string[] = [];
  const onEvent = (event: PromotionEvent): unknown =>
    event.kind === 'step' ? steps.push(event.id) : undefined;
  const outcome = await promote({ input: lab.input() }, { secrets: lab.secrets, onEvent });
  expect(steps).toEqual(['look', 'keep-out', 'prepare', 're-point', 'lift', 'follow']);
  expect(outcome.loss).toEqual(SAID);
  expect(outcome.remarks[0]).toMatch(/superuser 'postgres'.*; superuser 'postgres'/);
  await lab.endClients();
  expect((await again()).remarks).toEqual([]);
});

test('clients that somebody let in again are kept out', async () => {
  await lab.ask(PRIMARY, 'ALTER DATABASE shop CONNECTION LIMIT -1');
  const app = await lab.application(PRIMARY);
  await app.query('INSERT INTO t VALUES (3, 1)');
  const { planned, loss } = await again();
  expect(planned).toContain('ALTER DATABASE "shop" CONNECTION LIMIT 0');
  expect(loss).toEqual(LOST);
  await expect(app.query('INSERT INTO t VALUES (4, 1)')).rejects.toThrow(/terminat|queryable/);
  expect(await again()).toEqual({ planned: [], loss: SAID, remarks: [] });
});
