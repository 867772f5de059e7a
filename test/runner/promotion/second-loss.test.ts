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
