import { randomPassword } from '../../../lib/rehearsal/servers';
import type { HistoryEvent } from '../../../lib/rehearsal/step-functions';
import { scramVerifier, waitUntil } from '../../../lib/runner';
import { CutoverLab } from '../../runner/cutover/lab';
import { contradictions, JournalWriter, untilWritten } from '../../runner/cutover/writer';
import { requireBundle } from '../bundle';
import { PlayedMachine } from './played-machine';

requireBundle();

let lab: CutoverLab;
let played: PlayedMachine;
let writers: readonly JournalWriter[] = [];

beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  played = await PlayedMachine.deploy(lab);
  writers = [0, 1].map((client) => new JournalWriter(client, () => played.application(), 2));
});
afterAll(async () => {
  await Promise.all(writers.map((writer) => writer.stop()));
  await played.close();
  await lab.stop();
});
afterEach(() => {
  played.onLog = () => undefined;
});

const WALKED = [
  'Plan',
  'Action',
  'Cutover',
  'Verify',
  'Verified',
  'Gates',
  'Approval',
  'Prepare',
  'FencedToOpen',
];

/** Kills the function while it waits behind the fence for 'green', which is kept from catching up until then. */
async function dieAtCatchUp(): Promise<void> {
  const holder = await lab.green.superuser();
  await holder.query('BEGIN; LOCK TABLE pontoon.canary IN SHARE MODE');
  played.onLog = ({ line }) => {
    if (!line.startsWith('{"cutover":"catch-up"')) return;
    played.onLog = () => undefined;
    void played.functions.kill(played.functionArn).then(() => holder.end());
  };
}

test('an execution that nobody approves changes nothing', async () => {
  await untilWritten(writers, 20);
  const started = played.start('cutover');
  await played.asked(started);
  const [message] = played.messages;
  expect(JSON.parse(message?.message ?? '{}')).toMatchObject({
    migration: 'shop',
    servers: ['blue', 'green'],
    back: false,
    execution: started.arn,
    gates: expect.arrayContaining([expect.objectContaining({ status: 'open' })]),
  });
  played.machines.sendTaskFailure(played.token() ?? '', 'REFUSED', 'not today');
  expect(await started.ended).toEqual({
    status: 'FAILED',
    error: 'NOT_APPROVED',
    cause: '{"Error":"REFUSED","Cause":"not today"}',
  });
  expect(played.active).toBe('blue');
  const { rows } = await lab.blue.admin.query(
    `SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'pontoon_fence%'`,
  );
  expect(rows).toEqual([]);
});

test('a function that dies behind the fence is undone by the machine, and the old writer works as before', async () => {
  await dieAtCatchUp();
  const { ended, execution } = await played.walk('cutover');
  expect(await ended).toMatchObject({ status: 'FAILED', error: 'UNDONE' });
  expect(entered(execution.history)).toEqual([...WALKED, 'Undo', 'Decided', 'Undone']);
  expect(execution.history.map(({ error }) => error)).toContain('Runtime.ExitError');
  expect(played.active).toBe('blue');
  await untilWritten(writers, 20);
});

test('there, back and there again, in executions that read like the runbook', async () => {
  for (const action of ['cutover', 'rollback', 'cutover']) {
    const { ended, execution } = await played.walk(action);
    expect(await ended).toEqual({
      status: 'SUCCEEDED',
      output: {
        result: 'opened',
        closedMs: expect.any(Number),
        compared: { tables: expect.any(Number), of: 3 },
      },
    });
    const walked = WALKED.map((name) =>
      name === 'Cutover' && action === 'rollback' ? 'Rollback' : name,
    );
    expect(entered(execution.history)).toEqual([...walked, 'Settle', 'Done']);
    expect(played.active).toBe(action === 'cutover' ? 'green' : 'blue');
    await untilWritten(writers, 20);
  }
});

test('the watch counts who gets past a fence behind which the new writer is open', async () => {
  const metrics: object[] = [];
  played.onLog = ({ line }) => {
    if (line.includes('FencePassed')) metrics.push(JSON.parse(line));
  };
  await played.watchAlone(0, 'blue');
  await lab.blue.admin.query('GRANT CONNECT ON DATABASE app TO app');
  await played.watchAlone(0, 'blue');
  await lab.blue.admin.query('REVOKE CONNECT ON DATABASE app FROM app');
  expect(metrics).toEqual([
    expect.objectContaining({ Migration: 'App', FenceOverdue: 0, FencePassed: 0 }),
    expect.objectContaining({ Migration: 'App', FenceOverdue: 0, FencePassed: 1 }),
  ]);
});

test('the watch says how the way back of an open writer is, and what the old one alone can say without the new one', async () => {
  const metrics: Record<string, unknown>[] = [];
  played.onLog = ({ line }) => {
    if (line.includes('FencePassed')) metrics.push(JSON.parse(line));
  };
  const names = (found: object | undefined): readonly string[] =>
    Object.keys(found ?? {}).filter((name) => name.startsWith('WayBack'));
  const published = async (
    look: Promise<unknown>,
  ): Promise<Record<string, unknown> | undefined> => {
    await look;
    return metrics.pop();
  };
  const all = await published(played.watch(0));
  expect(all).toMatchObject({ WayBackDown: 0, WayBackSlotLost: 0 });
  expect(names(all)).toEqual([
    'WayBackDown',
    'WayBackSlotLost',
    'WayBackLagBytes',
    'WayBackRetainedWalBytes',
  ]);
  expect(names(await published(played.watchAlone(0, 'blue')))).toEqual(['WayBackDown']);
  expect(names(await published(played.watch(1)))).toEqual([]);
  await lab.blue.admin.query('ALTER SUBSCRIPTION backward DISABLE');
  expect(await published(played.watch(0))).toMatchObject({ WayBackDown: 1, WayBackSlotLost: 0 });
  expect(await published(played.watchAlone(0, 'blue'))).toMatchObject({ WayBackDown: 1 });
  await lab.blue.admin.query('ALTER SUBSCRIPTION backward ENABLE');
  await waitUntil({
    what: 'the way back must be read again',
    deadlineMs: 60_000,
    probe: async () => {
      const found = await published(played.watch(0));
      return found?.WayBackDown === 0
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(found) };
    },
  });
});

test('the watch logs in by a secret that was rotated since its function remembers it', async () => {
  const { admin } = lab.blue;
  const [former, later] = [(await lab.logins()).admin.password, randomPassword()];
  for (const password of [later, former]) {
    await played.watchAlone(0, 'blue');
    await admin.query(`ALTER ROLE dbadmin PASSWORD '${scramVerifier(password)}'`);
    // Once without the new one in the secret: what is refused twice is told.
    await expect(played.watchAlone(0, 'blue')).rejects.toThrow(
      'password authentication failed for user "dbadmin"',
    );
    played.putAdmin(password);
    expect(await played.watchAlone(0, 'blue')).toEqual({ lifted: false });
  }
});

test('the watch has the way back follow its rotated secret, by the fenced server alone', async () => {
  const lines: string[] = [];
  played.onLog = ({ line }) => {
    if (line.includes('backward')) lines.push(line);
  };
  await lab.rotate();
  await played.putLogins();
  await lab.green.admin.query(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'backward'`,
  );
  await waitUntil({
    what: 'the way back must be read',
    deadlineMs: 60_000,
    probe: async () => {
      await played.watchAlone(0, 'blue');
      const { rowCount } = await lab.green.admin.query(
        `SELECT FROM pg_replication_slots WHERE slot_name = 'backward' AND active`,
      );
      return lines.length > 0 && rowCount === 1
        ? { done: true, value: undefined }
        : { done: false, reason: `${lines.length} lines, ${rowCount} slots that are read` };
    },
  });
  await played.watchAlone(0, 'blue');
  expect(lines).toEqual([
    "subscription 'backward' on 'blue' logs in with its secret's new password",
  ]);
});

test('a function that dies after the decision is not undone: the machine finishes, also while the endpoint refuses', async () => {
  // The new writer of the way back cannot be opened as long as somebody else changes its access list.
  const blocker = await lab.blue.superuser();
  played.onLog = ({ line }) => {
    if (!line.startsWith('{"cutover":"open"')) return;
    played.onLog = () => undefined;
    void killOnceDecided();
  };
  const killOnceDecided = async (): Promise<void> => {
    await waitUntil({
      what: 'the decision must fall',
      deadlineMs: 60_000,
      intervalMs: 5,
      probe: async () => {
        const { rows } = await lab.green.admin.query(
          'SELECT decided_at IS NOT NULL AS decided FROM pontoon.cutover',
        );
        return rows[0]?.decided === true
          ? { done: true, value: undefined }
          : { done: false, reason: 'not yet' };
      },
    });
    // Until a second try has found open what the first one opened, and could not send clients to.
    played.refused = true;
    played.onLog = ({ line }) => {
      if (line.startsWith('{"cutover":"opened"') && line.includes('already-open'))
        played.refused = false;
    };
    await played.functions.kill(played.functionArn);
    await blocker.query('ROLLBACK');
    await blocker.end();
  };
  const started = played.start('rollback');
  await played.asked(started);
  await blocker.query('BEGIN; LOCK TABLE pontoon.cutover IN SHARE MODE');
  played.approve();
  const ended = await started.ended;
  expect(ended).toMatchObject({
    status: 'SUCCEEDED',
    output: { result: 'already-open', closedMs: expect.any(Number) },
  });
  expect(ended).not.toMatchObject({ output: { closedMs: 0 } });
  expect(entered(started.execution.history).slice(-6)).toEqual([
    'FencedToOpen',
    'Undo',
    'Decided',
    'Finish',
    'Settle',
    'Done',
  ]);
  expect(played.active).toBe('blue');
  await untilWritten(writers, 20);
});

test('the watch lifts a fence that was left standing, and says so as a metric', async () => {
  expect(await played.watch(0)).toEqual({ lifted: false });
  const invocation = {
    ...played.watches[0],
    owner: 'somebody',
    input: shortOf(played.watches[0]?.input),
  };
  const run = async (action: string) => await played.watch(0, { ...invocation, action });
  // What was compared counts for one cutover.
  await run('verify');
  await run('prepare');
  await dieAtCatchUp();
  await expect(run('switch')).rejects.toThrow('Runtime exited with error: SIGKILL');
  const metrics: string[] = [];
  played.onLog = ({ line }) => {
    if (line.includes('FenceOverdue')) metrics.push(line);
  };
  await waitUntil({
    what: 'the fence must be lifted',
    deadlineMs: 60_000,
    probe: async () => {
      const outcome = (await played.watch(0)) as { readonly lifted: boolean };
      return outcome.lifted
        ? { done: true, value: undefined }
        : { done: false, reason: 'its deadline has not passed' };
    },
  });
  expect(JSON.parse(metrics.at(-1) ?? '{}')).toMatchObject({ Migration: 'App', FenceOverdue: 0 });
  await untilWritten(writers, 20);
});

test('the watch asks no more than one server as long as there is no fence', async () => {
  expect(await played.watchAlone(0, 'blue')).toEqual({ lifted: false });
  expect(await played.watchAlone(1, 'green')).toEqual({ lifted: false });
  await expect(played.watchAlone(0, 'green')).rejects.toThrow(/blue/);
});

test('what another began is not gone on with unless somebody says so', async () => {
  const invocation = { ...played.watches[0], owner: 'arn:lost', back: false };
  await played.watch(0, { ...invocation, action: 'verify' });
  await played.watch(0, { ...invocation, action: 'prepare' });
  await dieAtCatchUp();
  await expect(played.watch(0, { ...invocation, action: 'switch' })).rejects.toThrow('SIGKILL');
  const held = await played.walk('cutover');
  const outcome = await held.ended;
  expect(outcome).toMatchObject({ status: 'FAILED', error: 'HELD' });
  expect(entered(held.execution.history).slice(-2)).toEqual(['Prepare', 'Held']);
  const { Cause } = JSON.parse('cause' in outcome ? outcome.cause : '{}');
  expect(JSON.parse(Cause).errorMessage).toBe(
    `the cutover of 'shop' must be gone on with by 'arn:lost', who began it, got '${held.arn}'; ask them, or take it over: redrive an execution that was cut off; what is lost is lifted within a minute of its deadline unless its decision has fallen, and is taken over by an execution with "takeOver": true in its input`,
  );
  const wrong = await played.start('cutover', { takeOver: 'yes' }).ended;
  expect(JSON.stringify(wrong)).toContain("'takeOver' must be true or false in the input");
  const { ended } = await played.walk('cutover', { takeOver: true });
  expect(await ended).toMatchObject({ status: 'SUCCEEDED', output: { result: 'opened' } });
  expect(played.active).toBe('green');
  await untilWritten(writers, 20);
});

test('finalizes in the direction that is asked for, and nothing acknowledged is lost or doubled', async () => {
  await (await played.walk('rollback')).ended;
  await untilWritten(writers, 20);
  const forward = await played.walk('finalize');
  expect(await forward.ended).toMatchObject({ status: 'FAILED', error: 'NOT_OPEN' });
  const { ended, execution } = await played.walk('finalize', { back: true });
  expect(await ended).toEqual({
    status: 'SUCCEEDED',
    output: { past: [], dropped: expect.arrayContaining([`fence on 'green'`]), rotate: [] },
  });
  expect(entered(execution.history)).toEqual([
    'Plan',
    'Action',
    'FinalizeBack',
    'Finalize',
    'Done',
  ]);
  await Promise.all(writers.map((writer) => writer.stop()));
  expect(await contradictions(lab.blue.admin, writers)).toEqual([]);
  expect(played.endpoint.unknownTargets).toEqual([]);
});

function entered(history: readonly HistoryEvent[]): string[] {
  return history.flatMap(({ type, state }) =>
    type.endsWith('StateEntered') && state !== undefined ? [state] : [],
  );
}

/** The same input with a deadline that is soon. */
function shortOf(input: unknown): object {
  const { plan, ...rest } = input as { plan: { limits: object } };
  return { ...rest, plan: { ...plan, limits: { ...plan.limits, budgetMs: 8_000 } } };
}
