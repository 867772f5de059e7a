import { RejoinMode } from '../../../lib/postgres';
import { dryRunPromotion, type PromotionRequest, promote, rejoin } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

const CONNINFO = `SELECT current_setting('primary_conninfo') AS conninfo, pg_is_in_recovery() AS it`;
const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';

let lab: ClusterLab;
afterEach(async () => await lab?.close());

async function expectRefused(request: PromotionRequest, message: string): Promise<void> {
  for (const refused of [dryRunPromotion, promote])
    await expect(refused(request, lab)).rejects.toThrow(new Error(message));
}

async function promoteByHand(name: string): Promise<void> {
  await lab.ask(name, 'SELECT pg_promote()');
  await eventually(async () => {
    const [row] = await lab.ask<{ it: boolean }>(name, 'SELECT pg_is_in_recovery() AS it');
    return row?.it === false;
  });
}

test('an old primary that came back in place of a lost one is followed by nobody', async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
  await lab.server(PRIMARY).kill();
  await promote({ input: lab.input({ to: 'replica1' }), declareLost: true }, lab);
  await lab.ask('replica1', 'INSERT INTO t SELECT n, 1 FROM generate_series(1, 99) n');
  await lab.untilReplayed('replica1', ['replica2']);
  await lab.server('replica1').kill();
  await lab.server(PRIMARY).start();
  const before = await lab.ask('replica2', CONNINFO);

  const told =
    "'from' must be the present primary, got 'primary', and 'replica2' is told to stream from 'replica1', which does not answer; give 'from' as 'replica1', and stop 'primary', if 'replica1' was promoted, or, once you know that it is gone too and is not the present primary, name it under 'lost'";
  await expectRefused({ input: lab.input() }, told);
  const refused =
    "'primary' cannot be the new primary, got timeline 1 there, and 'replica2' has log of timeline 2, so that another server was promoted since, and nothing is pointed to 'primary'; stop 'primary', run this again, and rejoin it afterwards";
  const lost = { input: lab.input({ from: 'replica1', to: 'replica2' }), declareLost: true };
  await expectRefused(lost, refused);
  await expectRefused({ input: lab.input({ from: 'replica1' }) }, refused);
  await expect(
    rejoin({ input: lab.input(), server: 'replica2', mode: RejoinMode.REWIND }, lab),
  ).rejects.toThrow(
    new Error(
      "'replica2' cannot follow 'primary', got timeline 1 there, and 'replica2' has log of timeline 2, so that another server was promoted since; stop 'primary', promote a standby if that other one is lost, and run this again, or, if nobody wrote to timeline 2, stop 'replica2', and run this again",
    ),
  );
  expect(await lab.ask('replica2', CONNINFO)).toEqual(before);

  await lab.server(PRIMARY).stop();
  expect(await promote(lost, lab)).toMatchObject({ result: 'promoted', timeline: 3 });
  expect(await lab.rows('replica2')).toHaveLength(99);
  await lab.server(PRIMARY).start();
  await expectRefused(lost, refused.replace('timeline 2', 'timeline 3'));
  const again = await promote({ input: lab.input() }, lab);
  expect(again).toMatchObject({ result: 'already-promoted', to: 'replica2', timeline: 3 });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  expect((await dryRunPromotion(lost, lab)).promoted).toBe(true);
});

test('only a server that was promoted is taken for one', async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
  await expectRefused(
    { input: lab.input({ from: 'replica1' }) },
    "'from' must be the present primary, got 'replica1', and 'primary' is a primary that was never promoted; name 'primary' as 'from', or, if 'replica1' was promoted in its place, stop 'primary', and rejoin it",
  );
  await promoteByHand('replica2');
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 1 FROM generate_series(1, 99) n');
  const named = { input: lab.input({ to: 'replica2' }), acceptLoss: true };
  const found = await dryRunPromotion(named, lab);
  expect(found).toMatchObject({ promoted: true, to: 'replica2' });
  expect(found.loss).toMatchObject({ kind: 'everything-after' });
  expect(found.remarks).toEqual([
    expect.stringMatching(
      /^'primary' still takes writes, and will be fenced, since 'replica2' was promoted: what 'primary' wrote after 0\/[0-9A-F]+ is lost, acknowledged or not: [1-9]\d+ bytes of log as far as it was seen; if clients are to stay with 'primary', stop 'replica2' instead, and rejoin it$/,
    ),
  ]);
  await expectRefused(
    { input: lab.input({ to: 'replica1' }) },
    "'to' must be the primary that is there, got 'replica1', and 'replica2' was promoted; 'primary' takes writes, too, so stop 'replica2', rejoin it, and run this again, or, if clients write to 'replica2', give that as 'to', and say --accept-loss, which gives up what was written to 'primary' since",
  );
  await lab.server(PRIMARY).kill();
  await expectRefused(
    { input: lab.input({ to: 'replica1' }) },
    "'to' must be the primary that is there, got 'replica1', and 'replica2' was promoted; leave 'to' out to have the others follow 'replica2', or give 'from' as 'replica2' to replace it",
  );
  await promoteByHand('replica1');
  await expectRefused(
    { input: lab.input({ from: 'replica1' }) },
    "'replica2' must write a later timeline than 'replica1' to have taken its place, got timeline 2 on both; stop the one that clients do not write to, and rejoin it with --fresh-copy, since pg_rewind takes them for equal",
  );
});
