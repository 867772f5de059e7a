import { dryRunPromotion, promote } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';

let lab: ClusterLab;
afterEach(async () => await lab?.close());

async function reload(name: string, change: string): Promise<void> {
  await lab.ask(name, `ALTER SYSTEM ${change}`);
  await lab.ask(name, 'SELECT pg_reload_conf()');
}

async function expectRefused(refused: Promise<unknown>, wayOut: string): Promise<void> {
  const error = await refused.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'NOT_STREAMING' });
  expect((error as Error).message.replaceAll(/0\/[0-9A-F]+/g, 'LSN')).toBe(
    `'replica1' must replay what 'primary' writes before it takes its place, got LSN replayed of LSN for 6 s; ${wayOut}, or name another standby as 'to'`,
  );
}

test.each([14, 18])(
  'a standby of PostgreSQL %i whose replay a query holds up is not waited for behind the fence',
  async (major) => {
    lab = await ClusterLab.open({ major, standbys: 1 });
    await reload('replica1', 'SET max_standby_streaming_delay = -1');
    const reader = await lab.client('replica1');
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query('SELECT count(*) FROM t');
    await lab.ask(PRIMARY, 'ALTER TABLE t ADD COLUMN x int');
    await expectRefused(
      promote({ input: lab.input() }, lab),
      'end the queries on it that hold up its replay, see pg_stat_activity there',
    );
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
    await reader.query('COMMIT');
    const outcome = await promote({ input: lab.input() }, lab);
    expect(outcome).toMatchObject({ result: 'promoted', loss: { kind: 'nothing' } });
  },
);

test('neither is one that is paused, or late on purpose', async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 1 });
  await lab.ask('replica1', 'SELECT pg_wal_replay_pause()');
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
  const refused = (): Promise<unknown> => dryRunPromotion({ input: lab.input() }, lab);
  await expectRefused(refused(), 'have it go on by pg_wal_replay_resume()');
  await reload('replica1', "SET recovery_min_apply_delay = '1h'");
  await lab.ask('replica1', 'SELECT pg_wal_replay_resume()');
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (2, 1)');
  await expectRefused(refused(), 'reset its recovery_min_apply_delay');
  await reload('replica1', 'RESET recovery_min_apply_delay');
  expect(await refused()).toMatchObject({ to: 'replica1', fenced: true });
});
