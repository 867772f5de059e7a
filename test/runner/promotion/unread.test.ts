import { plainTopology } from '../../../lib/postgres';
import { dryRunPromotion, type PromotionEvent, promote } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

let lab: ClusterLab;
afterEach(async () => await lab?.close());

/** The cluster as if nobody were waited for. */
function asynchronous(): unknown {
  const { servers, ...rest } = plainTopology(lab.topology);
  const { synchronous: _, ...primary } = { ...servers[PRIMARY] };
  return { ...rest, servers: { ...servers, [PRIMARY]: primary } };
}

async function reload(name: string, change: string): Promise<void> {
  await lab.ask(name, `ALTER SYSTEM ${change}`);
  await lab.ask(name, 'SELECT pg_reload_conf()');
}

test('a standby that was restarted is judged by all the log that it has', async () => {
  const standbys = ['replica1', 'replica2'];
  lab = await ClusterLab.open({
    major: 17,
    standbys: 2,
    synchronous: { quorum: 1, standbys },
  });
  // It replays late, as it would behind a long query or after a crash.
  await reload('replica1', "SET recovery_min_apply_delay = '1h'");
  await lab.server('replica1').restart();
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed(PRIMARY, ['replica2']);
  await lab.server('replica2').stop();
  // Only the other one has acknowledged it.
  await lab.ask(PRIMARY, 'INSERT INTO t VALUES (2, 1)');
  await lab.server('replica1').kill();
  await lab.server(PRIMARY).kill();
  for (const name of standbys) await lab.server(name).start();
  await eventually(async () => {
    const [row] = await lab.ask<{ read: boolean }>(
      'replica2',
      'SELECT pg_last_wal_receive_lsn() IS NOT NULL AS read',
    );
    return row?.read === true;
  });
  expect(await lab.rows('replica1')).toEqual([]);

  const refusal =
    "every standby must have read the log on its own disk, so that the most advanced one is known, got 'replica1' that has not since it was restarted; wait until pg_last_wal_receive_lsn() is set there, or say --accept-loss";
  for (const input of [lab.input(), lab.input({ topology: asynchronous(), to: 'replica2' })]) {
    const request = { input, declareLost: true };
    await expect(dryRunPromotion(request, lab)).rejects.toThrow(refusal);
    const { loss } = await dryRunPromotion({ ...request, acceptLoss: true }, lab);
    expect(loss).toMatchObject({ kind: 'everything-after' });
  }

  const changes: Promise<void>[] = [];
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind === 'note' && event.text.startsWith("'replica1' must read first"))
      changes.push(reload('replica1', 'RESET recovery_min_apply_delay'));
  };
  const outcome = await promote(
    { input: lab.input(), declareLost: true },
    { secrets: lab.secrets, onEvent },
  );
  await Promise.all(changes);
  expect(outcome).toMatchObject({
    to: 'replica1',
    loss: { kind: 'nothing-acknowledged' },
    following: ['replica2'],
  });
  expect(await lab.rows('replica1')).toEqual([1, 2]);
});
