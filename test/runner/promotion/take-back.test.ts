import { execFileSync } from 'node:child_process';
import { PontoonError, type SecretStore } from '../../../lib/postgres';
import { LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { type PromotionEvent, promote } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, DATABASE, PRIMARY } from './lab';

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
let steps: string[];
beforeAll(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
beforeEach(() => {
  steps = [];
});
afterAll(async () => await lab?.close());

/** Promotes, and loses the connection to the old primary as `step` begins. */
async function broken(step: string, secrets: SecretStore = lab.secrets): Promise<unknown> {
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind !== 'step') return;
    steps.push(event.id);
    if (event.id !== step) return;
    const config = JSON.stringify(lab.server(PRIMARY).controlConfig(DATABASE));
    execFileSync(process.execPath, ['-e', BREAK, config]);
  };
  return await promote({ input: lab.input({ to: 'replica1' }) }, { secrets, onEvent });
}

test('nothing is fenced for a standby that gets nothing', async () => {
  await lab.cutOff();
  await eventually(async () => {
    const receivers = await lab.ask('replica1', 'SELECT 1 FROM pg_stat_wal_receiver');
    return receivers.length === 0;
  });
  await expect(broken('never')).rejects.toThrow(
    /^'replica1' must stream what 'primary' writes before it takes its place, got no stream for 6 s; look at its log and have it stream, or name another standby as 'to'$/,
  );
  expect(steps).toEqual(['look']);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await lab.server(PRIMARY).setHba(LOOPBACK_HBA);
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
});

test('what failed with the connection to the old primary is taken back by another one', async () => {
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  await expect(broken('prepare')).rejects.toThrow(/connection/i);
  expect(steps.slice(-1)).toEqual(['take-back']);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (2, 1)');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  expect(await lab.ask('replica1', 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
});

test('a candidate that died keeps nothing from being taken back', async () => {
  const notes: string[] = [];
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind === 'note') notes.push(event.text);
    else if (event.id === 'catch-up') dead = lab.server('replica1').kill();
  };
  let dead: Promise<void> | undefined;
  const request = { input: lab.input({ to: 'replica1' }) };
  await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow(
    /^(Connection terminated unexpectedly|cannot run .*)$/,
  );
  await dead;
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  expect(notes).toEqual([
    expect.stringMatching(
      /^'replica1' may still keep its log for others \(.*\): drop the physical slots there that nobody reads from$/,
    ),
  ]);
  await lab.server('replica1').start();
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
});

test('a standby that hangs keeps no clients out', async () => {
  let hangs = 0;
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind !== 'step' || event.id !== 're-point') return;
    const config = JSON.stringify(lab.server('replica2').controlConfig(DATABASE));
    hangs = Number(execFileSync(process.execPath, ['-e', FIND, config], { encoding: 'utf8' }));
    process.kill(hangs, 'SIGSTOP');
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  const walk = promote(request, { secrets: lab.secrets, onEvent, patienceMs: 4_000 });
  await expect(walk).rejects.toMatchObject({
    code: 'NOT_TAKEN_BACK',
    message: expect.stringMatching(
      /^everything must be taken back after a failure, got 'replica2' may not stream from 'primary' \(.*\); make them reachable and run this again\. It had failed since /,
    ),
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  process.kill(hangs, 'SIGCONT');
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (3, 1)');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
});

test('where that fails too it says so, and a promotion in its place lets clients in', async () => {
  const get: SecretStore['get'] = async (reference) => {
    if (!steps.includes('take-back')) return await lab.secrets.get(reference);
    throw new PontoonError('SECRET_UNAVAILABLE', 'no vault');
  };
  await expect(broken('prepare', { get })).rejects.toMatchObject({
    code: 'NOT_TAKEN_BACK',
    message: expect.stringMatching(
      /^everything must be taken back after a failure, got 'primary' is still fenced, and lets nobody but superusers in \('primary' must let its clients in again within 10 s, got no vault.*\); make them reachable and run this again\. It had failed since .*connection/i,
    ),
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  await lab.server(PRIMARY).kill();

  const input = lab.input({ to: 'replica1' });
  const outcome = await promote({ input, declareLost: true }, lab);
  expect(outcome).toMatchObject({ result: 'promoted', following: ['replica2'] });
  expect(await lab.ask('replica1', LIMITS)).toEqual([{ limit: -1 }]);
});
