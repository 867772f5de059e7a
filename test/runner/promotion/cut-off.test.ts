import type { PromotionStepId } from '../../../lib/postgres';
import { LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import {
  dryRunPromotion,
  type PromotionEvent,
  type PromotionRequest,
  promote,
  takeBackPromotion,
} from '../../../lib/runner';
import { ClusterLab, FENCED, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
const GONE =
  /^a standby must answer to be promoted, got none: 'replica1': server "replica1" .*ECONNREFUSED.*; 'replica2': server "replica2" .*ECONNREFUSED.*; make it reachable$/;
const UNKNOWN = { code: 'MAY_BE_PROMOTED' };

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => await lab?.close());

/** Promotes until `step` begins, where everything breaks off and nothing is taken back; then the candidate is gone. */
async function cutOff(step: PromotionStepId): Promise<void> {
  let dead = false;
  const onEvent = (event: PromotionEvent): void => {
    dead ||= event.kind === 'step' && event.id === step;
    if (dead) throw new Error(`killed at ${step}`);
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow('killed');
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  await lab.server('replica1').kill();
}

async function expectTakenBack(): Promise<void> {
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed(PRIMARY, ['replica2']);
  expect(await lab.ask('replica2', 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
}

test('what an earlier run has fenced is let in again if there is nobody to promote any more', async () => {
  await cutOff('re-point');
  const steps: string[] = [];
  const onEvent = (event: PromotionEvent): number =>
    steps.push(event.kind === 'step' ? event.id : event.text);
  const other = await dryRunPromotion(
    { input: lab.input({ to: 'replica2', lost: ['replica1'] }) },
    lab,
  );
  expect(other.remarks).toContain(
    "'primary' is fenced by an earlier run that was cut off: clients stay out until this one has ended",
  );
  await lab.server('replica2').kill();
  const one = { input: lab.input({ lost: ['replica1'] }) };
  for (const refused of [promote, dryRunPromotion])
    await expect(refused(one, lab)).rejects.toThrow(
      /^every standby must say whether it was promoted since an earlier run has fenced 'primary', got no answer: 'replica2': server "replica2" .*ECONNREFUSED.*; make them reachable, or give as 'from' the one that was promoted and is lost, or, once you know that none was, name them under 'lost', and none of them as 'to'$/,
    );
  await expect(takeBackPromotion(one, lab, new Error('nobody'))).rejects.toMatchObject(UNKNOWN);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  const both = { input: lab.input({ lost: ['replica1', 'replica2'] }) };
  await expect(dryRunPromotion(both, lab)).rejects.toThrow(GONE);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  await expect(promote(both, { secrets: lab.secrets, onEvent })).rejects.toThrow(GONE);
  expect(steps).toEqual(['look', 'take-back']);
  await lab.server('replica2').start();
  await expectTakenBack();
});

test('a primary that came back behind its fence knows nothing of who was promoted meanwhile', async () => {
  await cutOff('catch-up');
  await lab.server('replica1').start();
  await lab.server(PRIMARY).kill();
  const lost = { input: lab.input({ to: 'replica1' }), declareLost: true };
  expect(await promote(lost, lab)).toMatchObject({ result: 'promoted', following: ['replica2'] });
  await lab.server('replica1').kill();
  await lab.server(PRIMARY).start();
  for (const more of [{}, { to: 'replica2' }, { lost: ['replica1'] }])
    await expect(promote({ input: lab.input(more) }, lab)).rejects.toMatchObject({
      code: 'ANOTHER_PRIMARY',
    });
  await lab.server('replica2').kill();
  for (const more of [{}, { to: 'replica2' }, { lost: ['replica2'] }])
    await expect(promote({ input: lab.input(more) }, lab)).rejects.toMatchObject(UNKNOWN);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

test('a standby that an earlier run had pointed elsewhere streams from the primary again', async () => {
  await cutOff('promote');
  const request: PromotionRequest = { input: lab.input({ to: 'replica2' }) };
  const unknown =
    /^'replica1' must say whether it was promoted, since 'primary' was fenced in its favour, got no answer: server "replica1" .*ECONNREFUSED.*; make it reachable, or give it as 'from' if it was promoted and is lost, or, once you know that it was not, name it under 'lost', and another standby as 'to'$/;
  await expect(promote(request, lab)).rejects.toThrow(unknown);
  await expect(takeBackPromotion(request, lab, new Error('nobody'))).rejects.toThrow(unknown);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);

  const known: PromotionRequest = { input: lab.input({ to: 'replica2', lost: ['replica1'] }) };
  await takeBackPromotion(known, lab, new Error('nobody'));
  await expectTakenBack();
});

test('a standby that an earlier run had pointed elsewhere is pointed to the primary and promoted', async () => {
  await cutOff('promote');
  const known = { input: lab.input({ to: 'replica2', lost: ['replica1'] }) };
  expect(await dryRunPromotion(known, lab)).toMatchObject({ to: 'replica2', fenced: true });
  expect(await promote(known, lab)).toMatchObject({
    result: 'promoted',
    to: 'replica2',
    loss: { kind: 'nothing' },
  });
});

test('a standby that cannot stream from the primary keeps nobody out, and can be promoted once it does', async () => {
  await cutOff('promote');
  const known = { input: lab.input({ to: 'replica2', lost: ['replica1'] }) };
  await lab.ask(PRIMARY, `SELECT pg_drop_replication_slot('pontoon_replica2')`);
  await lab.cutOff();
  const refused =
    "'replica2' must stream what 'primary' writes before it takes its place, got no stream for 6 s; look at its log and have it stream, or name another standby as 'to'";
  await expect(promote(known, lab)).rejects.toThrow(new Error(refused));
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  await lab.server(PRIMARY).setHba(LOOPBACK_HBA);
  await expectTakenBack();
  expect(await promote(known, lab)).toMatchObject({ result: 'promoted', to: 'replica2' });
});

test('a primary that was replaced stays fenced, although its successor is gone', async () => {
  await cutOff('follow');
  await expect(promote({ input: lab.input() }, lab)).rejects.toMatchObject({
    code: 'MAY_BE_PROMOTED',
  });
  const request = { input: lab.input({ from: 'replica1' }), declareLost: true };
  const { result, to, notFollowing } = await promote(request, lab);
  expect({ result, to, notFollowing }).toEqual({
    result: 'promoted',
    to: 'replica2',
    notFollowing: [
      { server: PRIMARY, reason: FENCED, late: false },
      { server: 'replica1', reason: expect.stringContaining('ECONNREFUSED'), late: false },
    ],
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  expect(await lab.ask('replica2', LIMITS)).toEqual([{ limit: -1 }]);

  await lab.ask(PRIMARY, 'ALTER DATABASE shop CONNECTION LIMIT -1');
  const again = { input: lab.input({ from: 'replica1' }) };
  for (const refused of [promote, dryRunPromotion])
    await expect(refused(again, lab)).rejects.toThrow(
      "'primary' must stay fenced, since 'replica1' took its place, got databases that let clients in; stop it, and rejoin it",
    );
});

test('it lets clients in again if nothing else is left, and somebody says so', async () => {
  await cutOff('follow');
  await lab.server('replica2').kill();
  // It may have been opened in the first one's place, or have what was written there.
  const one = lab.input({ lost: ['replica1'] });
  await expect(promote({ input: one }, lab)).rejects.toMatchObject(UNKNOWN);
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  const input = lab.input({ lost: ['replica1', 'replica2'] });
  await expect(promote({ input }, lab)).rejects.toMatchObject({ code: 'NO_CANDIDATE' });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
});
