import { execFileSync } from 'node:child_process';
import { type PromotionStepId, type SecretStore, takePromotionLock } from '../../lib/postgres';
import { dryRunPromotion, type PromotionEvent, promote } from '../../lib/runner';
import { eventually } from '../rehearsal/servers/eventually';
import { ClusterLab, DATABASE, PRIMARY } from '../runner/promotion/lab';
import { ALL, sampled } from './matrix';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';

/** Ends the session of the promotion, and waits until it is gone. */
const BREAK = `const { Client } = require('pg');
const client = new Client(JSON.parse(process.argv[1]));
client.connect()
  .then(() => client.query("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'pontoon promotion'"))
  .then(() => client.end());`;

/** Prints the process of the promotion's session. */
const FIND = `const { Client } = require('pg');
const client = new Client(JSON.parse(process.argv[1]));
client.connect()
  .then(() => client.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'pontoon promotion'"))
  .then(({ rows }) => { console.log(rows[0].pid); return client.end(); });`;

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => await lab?.close());

interface Sleep {
  /** The step at which the walk sleeps, so that all of its sessions end. */
  readonly at: PromotionStepId;
  /** Before it has another session. */
  readonly meanwhile: () => Promise<unknown>;
  /** Those whose session ends. @default - all */
  readonly servers?: readonly string[];
  /** How often the primary's login cannot be read by then. @default 0 */
  readonly unreadable?: number;
}

/** Promotes replica1, and sleeps. */
async function sleeping({
  at,
  meanwhile,
  servers = [...lab.servers.keys()],
  unreadable = 0,
}: Sleep) {
  let left = unreadable;
  let slept: Promise<unknown> | undefined;
  let asleep = false;
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind !== 'step' || event.id !== at) return;
    asleep = true;
    for (const server of servers) {
      const config = JSON.stringify(lab.server(server).controlConfig(DATABASE));
      execFileSync(process.execPath, ['-e', BREAK, config]);
    }
  };
  const get: SecretStore['get'] = async (reference) => {
    if (asleep) {
      slept ??= meanwhile();
      await slept;
      if (reference === `secret of ${PRIMARY}` && left-- > 0) throw new Error('no vault');
    }
    return await lab.secrets.get(reference);
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  const error: unknown = await promote(request, { secrets: { get }, onEvent }).catch(
    (failure: unknown) => failure,
  );
  await slept;
  return error;
}

test.each(sampled(['fence', 'catch-up', 'prepare', 're-point'] as const, (at) => at === 'prepare'))(
  'whoever slept at %s lifts no fence of another one, who has promoted since',
  async (at) => {
    await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
    let other: unknown;
    const meanwhile = async (): Promise<void> => {
      other = await promote({ input: lab.input({ to: 'replica2' }) }, lab).catch(String);
    };
    expect(await sleeping({ at, meanwhile })).toMatchObject({
      code: 'NOT_TAKEN_BACK',
      message: expect.stringMatching(
        /^everything must be taken back after a failure, got 'primary' stays fenced \('to' must be the primary that is there, got 'replica1', and 'replica2' was promoted; leave 'to' out to have the others follow 'replica2', or give 'from' as 'replica2' to replace it\); run this again, which says what is left to do\. It had failed since .*connection/i,
      ),
    });
    expect(other).toMatchObject({ result: 'promoted', to: 'replica2' });
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
    await expect(lab.application(PRIMARY)).rejects.toThrow('too many connections');
    const { to, promoted, remarks } = await dryRunPromotion({ input: lab.input() }, lab);
    expect({ to, promoted, remarks }).toEqual({ to: 'replica2', promoted: true, remarks: [] });
  },
);

test('whoever slept takes everything back where nobody else was at work', async () => {
  const error = await sleeping({ at: 're-point', meanwhile: async () => undefined });
  expect(error).toMatchObject({ message: expect.stringMatching(/connection/i) });
  expect(error).not.toMatchObject({ code: 'NOT_TAKEN_BACK' });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
});

test('whoever slept lifts nothing while somebody cannot say whether he was promoted', async () => {
  const error = await sleeping({ at: 'prepare', meanwhile: () => lab.server('replica2').kill() });
  expect(error).toMatchObject({
    code: 'NOT_TAKEN_BACK',
    message: expect.stringMatching(
      /^everything must be taken back after a failure, got 'primary' stays fenced \(every standby must say whether it was promoted since an earlier run has fenced 'primary', got no answer: 'replica2': server "replica2" .*ECONNREFUSED.*, and none of them as 'to'\); run this again, which says what is left to do\. It had failed since /,
    ),
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

if (ALL)
  test('a session that lived all along proves that nobody was promoted', async () => {
    const error = await sleeping({
      at: 'prepare',
      meanwhile: () => lab.server('replica2').kill(),
      servers: [PRIMARY, 'replica2'],
    });
    expect(error).toMatchObject({ message: expect.stringMatching(/connection/i) });
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  });

if (ALL)
  test('a session that lived for a while proves nothing of the time after', async () => {
    const answered = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'pontoon promotion' AND query LIKE '%pg_is_in_recovery() AS recovering' AND state = 'idle'`;
    const error = await sleeping({
      at: 'prepare',
      meanwhile: async () => {
        await eventually(async () => {
          const [row] = await lab.ask<{ count: number }>('replica2', answered);
          return row?.count === 1;
        });
        await lab.server('replica2').kill();
      },
      servers: [PRIMARY, 'replica1'],
      unreadable: 1,
    });
    expect(error).toMatchObject({
      code: 'NOT_TAKEN_BACK',
      message: expect.stringMatching(
        /^everything must be taken back after a failure, got 'primary' stays fenced \(every standby must say whether it was promoted since an earlier run has fenced 'primary', got no answer: 'replica2': /,
      ),
    });
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  });

if (ALL)
  test('whoever slept lifts nothing while another one is at work', async () => {
    const meanwhile = async (): Promise<void> => {
      const other = await lab.client(PRIMARY);
      await other.query("SET application_name = 'somebody'");
      await other.query(takePromotionLock().text);
    };
    expect(await sleeping({ at: 'prepare', meanwhile })).toMatchObject({
      code: 'NOT_TAKEN_BACK',
      message: expect.stringMatching(
        /^everything must be taken back after a failure, got 'primary' is still fenced, and lets nobody but superusers in \('primary' must let its clients in again within 10 s, got the cluster of 'primary' must have one operator, got another at work on 'primary' \(somebody, process \d+\); wait until it has ended; look at the server’s log\)/,
      ),
    });
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  });

/** Promotes replica1 until all sessions of the walk hang; `opening` is told how often it opens one to the primary anew. */
async function hanging(opening: (attempt: number, wake: () => void) => Promise<void>) {
  const frozen: number[] = [];
  let attempt = 0;
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind !== 'step' || event.id !== 'prepare') return;
    for (const server of lab.servers.keys()) {
      const config = JSON.stringify(lab.server(server).controlConfig(DATABASE));
      const pid = Number(
        execFileSync(process.execPath, ['-e', FIND, config], { encoding: 'utf8' }),
      );
      process.kill(pid, 'SIGSTOP');
      frozen.push(pid);
    }
  };
  const wake = (): void => {
    for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
  };
  const get: SecretStore['get'] = async (reference) => {
    if (reference === `secret of ${PRIMARY}` && (frozen.length > 0 || attempt > 0))
      await opening(++attempt, wake);
    return await lab.secrets.get(reference);
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  return await promote(request, { secrets: { get }, onEvent, patienceMs: 2_000 }).catch(
    (failure: unknown) => failure,
  );
}

if (ALL)
  test('sessions of its own that hang keep nobody out, and prove that nobody was promoted', async () => {
    const error = await hanging(async (attempt, wake) => {
      if (attempt !== 2) return;
      // By then those that hang were told to end.
      wake();
      await lab.server('replica2').kill();
    });
    expect(error).toMatchObject({
      code: 'NOT_TAKEN_BACK',
      message: expect.stringMatching(
        /^everything must be taken back after a failure, got 'replica2' may not stream from 'primary' \(.*\); make them reachable and run this again\. It had failed since /,
      ),
    });
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  });

if (ALL)
  test('they prove nothing once another one was at work', async () => {
    const error = await hanging(async (attempt, wake) => {
      if (attempt === 3) await lab.endClients();
      if (attempt !== 2) return;
      wake();
      await lab.server('replica2').kill();
      const other = await lab.client(PRIMARY);
      await eventually(async () => {
        const { rows } = await other.query(takePromotionLock().text);
        return rows[0]?.taken === true;
      });
    });
    expect(error).toMatchObject({
      code: 'NOT_TAKEN_BACK',
      message: expect.stringMatching(
        /^everything must be taken back after a failure, got 'primary' stays fenced \(every standby must say whether it was promoted since an earlier run has fenced 'primary', got no answer: 'replica2': /,
      ),
    });
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  });
