import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PromotionStepId } from '../../../lib/postgres';
import {
  dryRunPromotion,
  type PromotionEvent,
  promote,
  takeBackPromotion,
} from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
const REFUSED =
  "'replica1' must have become a primary before anything else is done, since it is being promoted, got a standby still; look at its log, and at what its restore_command or recovery_end_command waits for, restart it if it hangs, and run this again, which sees what it is by then";

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => await lab?.close());

/** Promotes `replica1` until `step` begins, where everything breaks off and nothing is taken back. */
async function killedAt(step: PromotionStepId): Promise<void> {
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind === 'step' && event.id === step) throw new Error('killed');
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow('killed');
}

/** Has what `replica1` asks its archive for come to no end before the function is called that is returned. */
async function archiveWaits(): Promise<() => void> {
  const file = join(lab.workspace.directory, 'archive-answers');
  const command = `while [ ! -e "${file}" ]; do sleep 0.1; done; false`;
  await lab.ask('replica1', `ALTER SYSTEM SET restore_command = '${command}'`);
  await lab.ask('replica1', 'SELECT pg_reload_conf()');
  return () => writeFileSync(file, '');
}

/** Nobody lets clients into the old primary again, whoever is to be promoted. */
async function expectKeptOut(): Promise<void> {
  for (const to of ['replica1', 'replica2']) {
    const request = { input: lab.input({ to }) };
    await expect(dryRunPromotion(request, lab)).rejects.toThrow(new Error(REFUSED));
    await expect(takeBackPromotion(request, lab, new Error('nobody'))).rejects.toThrow(
      new Error(REFUSED),
    );
    const walk = promote(request, { secrets: lab.secrets, promotionMs: 200 });
    await expect(walk).rejects.toMatchObject({
      code: 'MAY_BE_PROMOTED',
      message: REFUSED.replace('still', 'still after 0.2 s'),
    });
  }
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
}

/** The next run waits for it once it can go on. */
async function expectPromoted(goOn: () => unknown): Promise<void> {
  const notes: string[] = [];
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind !== 'note') return;
    notes.push(event.text);
    goOn();
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  expect(await promote(request, { secrets: lab.secrets, onEvent })).toMatchObject({
    result: 'already-promoted',
    to: 'replica1',
    following: ['replica2'],
  });
  expect(notes).toEqual(["'replica1' is being promoted; it is waited for, 120 s at most"]);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  expect(await lab.ask('replica1', LIMITS)).toEqual([{ limit: -1 }]);
}

test('while a promotion waits for the archive, nobody else is opened', async () => {
  const answer = await archiveWaits();
  const walk = promote(
    { input: lab.input({ to: 'replica1' }) },
    { secrets: lab.secrets, promotionMs: 200 },
  );
  await expect(walk).rejects.toThrow(
    "'replica1' must be a primary within 0.2 s, got a standby that replays; look at its log, at what its restore_command waits for, and at queries there that hold up its replay, and run this again",
  );
  await eventually(async () => {
    const receivers = await lab.ask('replica1', 'SELECT 1 FROM pg_stat_wal_receiver');
    return receivers.length === 0;
  });
  await expectKeptOut();
  await expectPromoted(answer);
});

test('nor while one that was told to be promoted streams on, since it replays still', async () => {
  await lab.ask('replica1', 'ALTER SYSTEM SET max_standby_streaming_delay = -1');
  await lab.ask('replica1', 'SELECT pg_reload_conf()');
  const reader = await lab.client('replica1');
  await reader.query('BEGIN');
  await reader.query('SELECT FROM t');
  await killedAt('promote');
  await lab.ask(PRIMARY, 'ALTER TABLE t ADD COLUMN later int');
  await eventually(async () => {
    const [startup] = await lab.ask<{ type: string | null }>(
      'replica1',
      `SELECT wait_event_type AS type FROM pg_stat_activity WHERE backend_type = 'startup'`,
    );
    return startup?.type === 'Lock';
  });
  await lab.ask('replica1', 'SELECT pg_promote(false)');
  await expectKeptOut();
  expect(await lab.ask('replica1', 'SELECT status FROM pg_stat_wal_receiver')).toEqual([
    { status: 'streaming' },
  ]);
  await expectPromoted(() => reader.end());
});

test('a standby that was noted, and not told to be promoted, may follow another one', async () => {
  await killedAt('promote');
  await lab.ask('replica1', 'SELECT pg_wal_replay_pause()');
  const { remarks, to } = await dryRunPromotion({ input: lab.input({ to: 'replica2' }) }, lab);
  expect({ remarks, to }).toEqual({
    remarks: [
      "'primary' is fenced by an earlier run that was cut off: clients stay out until this one has ended",
    ],
    to: 'replica2',
  });
  expect(await lab.ask('replica1', 'SELECT pg_is_wal_replay_paused() AS is')).toEqual([
    { is: true },
  ]);
  await lab.ask('replica1', 'SELECT pg_wal_replay_resume()');
  const request = { input: lab.input({ to: 'replica2' }) };
  expect(await promote(request, lab)).toMatchObject({
    result: 'promoted',
    following: ['replica1'],
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

test('a restart calls a promotion off that is under way', async () => {
  const answer = await archiveWaits();
  await lab.ask('replica1', 'SELECT pg_promote(false)');
  await expect(dryRunPromotion({ input: lab.input() }, lab)).rejects.toThrow(new Error(REFUSED));
  await lab.server('replica1').kill();
  answer();
  await lab.server('replica1').start();
  await lab.untilReplayed(PRIMARY, ['replica1']);
  expect(await dryRunPromotion({ input: lab.input() }, lab)).toMatchObject({ to: 'replica1' });
});
