import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  LOST_STEPS,
  PLANNED_STEPS,
  type PromotionStepId,
  takePromotionLock,
} from '../../../lib/postgres';
import {
  dryRunPromotion,
  type PromotionOutcome,
  type PromotionRequest,
  promote,
} from '../../../lib/runner';
import { ClusterLab, FENCED, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 16, standbys: 2 });
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 0 FROM generate_series(1, 500) n');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
});
afterEach(async () => await lab?.close());

/** Promotes until `step` begins, where everything breaks off and nothing is taken back. */
async function killedAt(step: PromotionStepId, request: PromotionRequest): Promise<void> {
  let dead = false;
  const onEvent = (event: { readonly kind: string; readonly id?: PromotionStepId }): void => {
    dead ||= event.id === step;
    if (dead) throw new Error(`killed at ${step}`);
  };
  const services = { secrets: lab.secrets, onEvent };
  await expect(promote(request, services)).rejects.toThrow(`killed at ${step}`);
}

async function expectPromoted(outcome: PromotionOutcome): Promise<void> {
  expect(outcome).toMatchObject({ to: 'replica1', timeline: 2, following: ['replica2'] });
  await lab.ask('replica1', 'INSERT INTO t VALUES (501, 1)');
  await lab.untilReplayed('replica1', ['replica2']);
  expect(await lab.rows('replica2')).toHaveLength(501);
  expect(await lab.ask('replica1', LIMITS)).toEqual([{ limit: -1 }]);
  expect(await lab.ask('replica2', 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
}

test('killed at every step in turn, a promotion ends as if it had not been', async () => {
  const request = { input: lab.input({ to: 'replica1' }) };
  for (const { id } of PLANNED_STEPS) await killedAt(id, request);
  const outcome = await promote(request, lab);
  expect(outcome.result).toBe('already-promoted');
  await expectPromoted(outcome);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

test.each([
  { at: 'lift', way: 'before clients are let in', kill: false },
  { at: 'promote', way: 'behind the fence of a primary that is lost then', kill: true },
] as const)('killed $way, a dry run shows that they are let in', async ({ at, kill }) => {
  await killedAt(at, { input: lab.input({ to: 'replica1' }) });
  if (kill) await lab.server(PRIMARY).kill();
  const { remarks, actions } = await dryRunPromotion(
    { input: lab.input({ to: 'replica1' }), declareLost: kill },
    lab,
  );
  if (!kill)
    expect(remarks).toEqual([
      "'replica1' is fenced by an earlier run that was cut off: clients stay out until this one has ended",
    ]);
  expect(actions.filter(({ step }) => step === 'lift')).toContainEqual({
    step: 'lift',
    server: 'replica1',
    what: 'ALTER DATABASE "shop" CONNECTION LIMIT -1',
    values: [],
  });
});

test('so does that in place of a lost primary, which is kept out when it comes back', async () => {
  await lab.server(PRIMARY).kill();
  const request = { input: lab.input({ to: 'replica1' }), declareLost: true };
  for (const { id } of LOST_STEPS) await killedAt(id, request);
  const outcome = await promote(request, lab);
  expect(outcome).toMatchObject({ result: 'already-promoted' });
  expect(outcome.loss).toEqual({ kind: 'said-before', after: outcome.forkedAt });
  await expectPromoted(outcome);

  await lab.server(PRIMARY).start();
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1000, 1)');
  const again = await promote({ input: lab.input() }, lab);
  expect(again.loss).toEqual({
    kind: 'everything-after',
    after: outcome.forkedAt,
    bytes: expect.stringMatching(/^[1-9]\d+$/),
  });
  expect(again.notFollowing).toEqual([{ server: PRIMARY, reason: FENCED, late: false }]);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

test('one whose successor noted nothing stays replaced when that is replaced itself', async () => {
  await killedAt('lift', { input: lab.input({ to: 'replica1' }) });
  const second = { input: lab.input({ from: 'replica1', to: 'replica2' }) };
  expect(await promote(second, lab)).toMatchObject({ result: 'promoted', timeline: 3 });
  for (const run of [dryRunPromotion, promote])
    expect(await run({ input: lab.input() }, lab)).toMatchObject({ to: 'replica2' });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

test('a new primary that lost its history keeps the old one out, and says how it gets it again', async () => {
  await lab.server(PRIMARY).kill();
  const { to, forkedAt } = await promote(
    { input: lab.input({ to: 'replica1' }), declareLost: true },
    lab,
  );
  await lab.untilReplayed(to, ['replica2']);
  const history = (name: string): string =>
    join(lab.server(name).dataDirectory, 'pg_wal', '00000002.history');
  const text = readFileSync(history(to));
  rmSync(history(to));
  const noHistory = (done: string): string =>
    `'replica1' must have the history of its timeline, which is 2, got no 'pg_wal/00000002.history' that says where it began${done}; copy it there from a standby, or from the archive, and run this again`;
  for (const run of [promote, dryRunPromotion])
    await expect(run({ input: lab.input() }, lab)).rejects.toThrow(new Error(noHistory('')));
  await lab.server(PRIMARY).start();
  const bytes = '[1-9]\\d+ bytes of log as far as it was seen';
  const cost = `what 'primary' wrote after ${forkedAt} is lost, acknowledged or not: ${bytes}`;
  expect((await dryRunPromotion({ input: lab.input() }, lab)).remarks).toEqual([
    expect.stringMatching(
      `^'primary' still takes writes, and will be fenced, since 'replica1' was promoted: ${cost}; if clients are to stay with 'primary', stop 'replica1' instead, and rejoin it$`,
    ),
    `nothing more is done then: ${noHistory('')}`,
  ]);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await expect(promote({ input: lab.input() }, lab)).rejects.toThrow(
    new RegExp(`^${noHistory(`, and 'primary' is fenced now: ${cost}`)}$`),
  );
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  writeFileSync(history(to), text);
  await lab.workspace.giveAway(history(to));
  expect(await promote({ input: lab.input() }, lab)).toMatchObject({ to, forkedAt, timeline: 2 });
});

test('what fails before the promotion is taken back', async () => {
  const root = await lab.client(PRIMARY);
  await root.query("SET application_name = 'psql'");
  await expect(promote({ input: lab.input({ to: 'replica1' }) }, lab)).rejects.toThrow(
    /^'primary' must hold no session that a fence does not end, got superuser 'postgres' \(psql\) in database 'shop', process \d+; end it, and run this again$/,
  );
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (501, 1)');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
});

test('a second operator is refused', async () => {
  const other = await lab.client('replica1');
  await other.query("SET application_name = 'pontoon promotion'");
  await other.query(takePromotionLock().text);
  await expect(promote({ input: lab.input() }, lab)).rejects.toThrow(
    /^the cluster of 'primary' must have one operator, got another at work on 'replica1' \(pontoon promotion, process \d+\); wait until it has ended$/,
  );
});
