import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RejoinMode } from '../../../lib/postgres';
import { LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { dryRunPromotion, promote, rejoin } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

const NOBODY_HBA = ['hostssl nobody nobody 127.0.0.1/32 scram-sha-256'];

let lab: ClusterLab;
afterEach(async () => await lab?.close());

async function expectRefused(more: Record<string, unknown>, message: RegExp): Promise<void> {
  const request = { input: lab.input(more) };
  for (const refused of [dryRunPromotion, promote])
    await expect(refused(request, lab)).rejects.toThrow(message);
  for (const name of ['replica2', 'replica3'])
    expect(await lab.ask(name, 'SELECT pg_is_in_recovery() AS it')).toEqual([{ it: true }]);
}

test('an old primary that came back is replaced by nobody but the one that was promoted', async () => {
  lab = await ClusterLab.open({ major: 17 });
  await lab.server('replica3').kill();
  await lab.server(PRIMARY).kill();
  const lost = { input: lab.input({ to: 'replica1' }), declareLost: true };
  const silent =
    "'replica3' does not answer either, and is taken for a standby: if it was promoted in place of 'primary' and takes writes, there are two primaries, so make sure of it, and name it under 'lost'";
  expect((await dryRunPromotion(lost, lab)).remarks).toEqual([silent]);
  const named = { ...lost, input: lab.input({ to: 'replica1', lost: ['replica3'] }) };
  expect((await dryRunPromotion(named, lab)).remarks).toEqual([]);
  const outcome = await promote(lost, lab);
  expect(outcome).toMatchObject({ following: ['replica2'], remarks: [silent] });
  await lab.ask('replica1', 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed('replica1', ['replica2']);

  await lab.server('replica1').setHba(NOBODY_HBA);
  await lab.server(PRIMARY).start();
  await lab.server('replica3').start();
  const told =
    /^'from' must be the present primary, got 'primary', and 'replica2' is told to stream from 'replica1', which does not answer; give 'from' as 'replica1', and stop 'primary', if 'replica1' was promoted, or, once you know that it is gone too and is not the present primary, name it under 'lost'$/;
  await expectRefused({ to: 'replica3' }, told);
  const gone = { to: 'replica3', lost: ['replica1'] };
  await expectRefused(
    gone,
    /^'replica1' must let us in or be gone, since it may be the primary, got an answer nevertheless: server "replica1" .*28000 no pg_hba.conf entry.*; let us in, or stop it$/,
  );
  await lab.server('replica1').kill();
  await expectRefused({ to: 'replica3' }, told);
  await expectRefused(
    gone,
    /^'from' must be the present primary, got 'primary', which writes timeline 1, and 'replica2' has log of timeline 2, so that another server was promoted since; stop 'primary', and give as 'from' the one that was promoted, also if it is lost, or, if nobody wrote to that, stop 'replica2', and rejoin it$/,
  );

  await lab.server('replica1').setHba(LOOPBACK_HBA);
  await lab.server('replica1').start();
  expect(await dryRunPromotion({ input: lab.input() }, lab)).toMatchObject({
    promoted: true,
    to: 'replica1',
  });
});

test('a file of a timeline that nobody has begun is none, and a replaced primary is not followed', async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
  const [segment] = await lab.ask<{ name: string }>(
    'replica2',
    `SELECT max(name) AS name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'`,
  );
  const { name = '' } = segment ?? {};
  const log = join(lab.server('replica2').dataDirectory, 'pg_wal');
  await copyFile(join(log, name), join(log, name.replace('00000001', '00000002')));
  await lab.workspace.giveAway(join(log, name.replace('00000001', '00000002')));
  const input = lab.input({ to: 'replica1' });
  expect(await promote({ input }, lab)).toMatchObject({ timeline: 2, following: ['replica2'] });

  const request = { input: lab.input(), server: 'replica2', mode: RejoinMode.REWIND };
  expect(await rejoin(request, lab)).toMatchObject({ primary: 'replica1' });
});
