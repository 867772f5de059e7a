import { escapeLiteral } from 'pg';
import { describeLoss } from '../../../lib/postgres';
import { dryRunPromotion, promote } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

let lab: ClusterLab;
afterEach(async () => await lab?.close());

test('a primary that was promoted before is not replaced as if the first one had been lost again', async () => {
  lab = await ClusterLab.open({ major: 17 });
  await lab.server(PRIMARY).kill();
  await promote({ input: lab.input({ to: 'replica1' }), declareLost: true }, lab);
  const writer = await lab.client('replica1');
  await lab.server('replica1').setHba(['hostssl nobody nobody 127.0.0.1/32 scram-sha-256']);
  const again = { input: lab.input(), declareLost: true };
  await expect(promote(again, lab)).rejects.toThrow(
    /^'replica1' must let us in or be gone, since it may be the primary, got an answer nevertheless: server "replica1" .*28000 no pg_hba.conf entry.*; let us in, or stop it$/,
  );
  await writer.query('INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed('replica1', ['replica2', 'replica3']);

  await lab.server('replica1').kill();
  const refused =
    /^'from' must be the present primary, got 'primary', and 'replica[23]' is told to stream from 'replica1', which does not answer; give 'from' as 'replica1', or, once you know that it is gone too and is not the present primary, name it under 'lost'$/;
  await expect(promote(again, lab)).rejects.toThrow(refused);
  await expect(dryRunPromotion(again, lab)).rejects.toThrow(refused);
  for (const name of ['replica2', 'replica3'])
    expect(await lab.ask(name, 'SELECT pg_is_in_recovery() AS it')).toEqual([{ it: true }]);

  const input = lab.input({ from: 'replica1', to: 'replica2' });
  const outcome = await promote({ input, declareLost: true }, lab);
  expect(outcome).toMatchObject({
    result: 'promoted',
    from: 'replica1',
    timeline: 3,
    following: ['replica3'],
  });
  expect(describeLoss(outcome.loss, outcome.from)).toMatch(/^what 'replica1' wrote after /);
  expect(await lab.rows('replica2')).toEqual([1]);
});

test('one that was put in another’s place is not taken for the successor of whoever was put in its own', async () => {
  lab = await ClusterLab.open({ major: 17 });
  await lab.server(PRIMARY).kill();
  await promote({ input: lab.input({ to: 'replica1' }), declareLost: true }, lab);
  await lab.server('replica1').kill();
  const second = { input: lab.input({ from: 'replica1', to: 'replica2' }), declareLost: true };
  expect(await promote(second, lab)).toMatchObject({ timeline: 3, following: ['replica3'] });
  await lab.server('replica2').kill();
  await lab.server('replica3').kill();
  // Nobody who answers has heard of timeline 3.
  await lab.server('replica1').start();
  const request = { input: lab.input({ from: 'replica2' }), declareLost: true };
  for (const refused of [dryRunPromotion, promote])
    await expect(refused(request, lab)).rejects.toMatchObject({
      code: 'NOT_PRIMARY',
      message:
        "'from' must be the present primary, got 'replica2', and 'replica1' is a primary that was put in the place of 'primary' only; name 'replica1' as 'from', or, if 'replica2' was promoted in its place, stop 'replica1', and rejoin it",
    });
  expect(await dryRunPromotion({ input: lab.input() }, lab)).toMatchObject({ to: 'replica1' });
  await lab.server('replica3').start();
  // Of whom it is known that replica2 was put in the place of both.
  await lab.server('replica1').stop();
  await lab.server('replica2').start();
  await lab.server(PRIMARY).start();
  expect(await promote({ input: lab.input() }, lab)).toMatchObject({
    result: 'already-promoted',
    to: 'replica2',
  });
  await lab.server('replica1').start();
  const limits = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
  expect(await lab.ask(PRIMARY, limits)).toEqual([{ limit: 0 }]);
  expect(await promote({ input: lab.input({ from: 'replica1' }) }, lab)).toMatchObject({
    to: 'replica2',
  });
  expect(await lab.ask('replica1', limits)).toEqual([{ limit: 0 }]);
});

test('a candidate that died before it was promoted is said to be lost, too', async () => {
  const standbys = ['replica1', 'replica2', 'replica3'];
  lab = await ClusterLab.open({ major: 16, synchronous: { quorum: 2, standbys } });
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed(PRIMARY, standbys);
  await lab.server(PRIMARY).kill();
  const onEvent = (event: { readonly kind: string; readonly id?: string }): void => {
    if (event.id === 'promote') throw new Error('killed');
  };
  const request = { input: lab.input({ to: 'replica1' }), declareLost: true };
  await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow('killed');
  await lab.server('replica1').kill();

  await expect(promote({ input: lab.input(), declareLost: true }, lab)).rejects.toMatchObject({
    code: 'ANOTHER_PRIMARY',
  });
  const input = lab.input({ lost: ['replica1'] });
  const { to, loss } = await promote({ input, declareLost: true }, lab);
  expect(loss).toEqual({ kind: 'nothing-acknowledged' });
  expect(await lab.rows(to)).toEqual([1]);
});

test('a standby that nobody could point elsewhere has read who may have been promoted', async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
  const [before] = await lab.ask<{ at: string; slot: string }>(
    'replica2',
    `SELECT current_setting('primary_conninfo') AS at, current_setting('primary_slot_name') AS slot`,
  );
  const onEvent = (event: { readonly kind: string; readonly id?: string }): void => {
    if (event.id === 'promote') throw new Error('killed');
  };
  const request = { input: lab.input({ to: 'replica1' }) };
  await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow('killed');
  const { at = '', slot = '' } = before ?? {};
  await lab.ask('replica2', `ALTER SYSTEM SET primary_conninfo = ${escapeLiteral(at)}`);
  await lab.ask('replica2', `ALTER SYSTEM SET primary_slot_name = ${escapeLiteral(slot)}`);
  await lab.ask('replica2', 'SELECT pg_reload_conf()');
  await lab.untilReplayed(PRIMARY, ['replica2']);
  await lab.server(PRIMARY).kill();
  await lab.server('replica1').kill();

  await expect(promote({ input: lab.input(), declareLost: true }, lab)).rejects.toThrow(
    "'from' must be the present primary, got 'primary', and 'replica2' has read that it was fenced in favour of 'replica1', which does not answer; give 'from' as 'replica1', or, once you know that it is gone too and is not the present primary, name it under 'lost'",
  );
  const input = lab.input({ lost: ['replica1'] });
  expect(await promote({ input, declareLost: true }, lab)).toMatchObject({ to: 'replica2' });
});
