import { describeLoss, lsnDistance, plainTopology } from '../../../lib/postgres';
import { type PromotionOutcome, promote } from '../../../lib/runner';
import { sampled } from '../../faults/matrix';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

const MAJORS = sampled([14, 18], (major) => major === 14);
const END = 'SELECT pg_current_wal_flush_lsn() AS lsn';
const NOTE = `SELECT note FROM pg_db_role_setting, unnest(setconfig) note WHERE note LIKE 'pontoon.synchronous=%'`;
const CHECKPOINTED = 'SELECT timeline_id FROM pg_control_checkpoint()';
const OTHERS = ['replica1', 'replica2', 'replica3'];

describe.each(MAJORS)('a primary of PostgreSQL %i that was killed', (major) => {
  let lab: ClusterLab;
  afterEach(async () => await lab?.close());

  test('loses no acknowledged commit if a quorum was waited for', async () => {
    lab = await ClusterLab.open({
      major,
      synchronous: { quorum: 2, standbys: ['replica1', 'replica2', 'replica3'] },
    });
    await lab.ask(PRIMARY, 'ALTER ROLE app SET synchronous_commit = remote_apply');
    await lab.ask(PRIMARY, 'ALTER ROLE app IN DATABASE postgres SET synchronous_commit = FALSE');
    let now = PRIMARY;
    const writers = lab.write(() => now);
    await eventually(async () => writers.acknowledged.length > 200);
    await lab.server(PRIMARY).kill();
    const before = writers.acknowledged.length;
    const outcome = await promote({ input: lab.input(), declareLost: true }, lab);
    now = outcome.to;
    await eventually(async () => writers.acknowledged.length > before + 50);
    await writers.stop();

    expect(outcome).toMatchObject({
      result: 'promoted',
      from: PRIMARY,
      timeline: 2,
      loss: { kind: 'nothing-acknowledged' },
      following: OTHERS.filter((name) => name !== outcome.to),
      notFollowing: [
        { server: PRIMARY, reason: expect.stringContaining('ECONNREFUSED'), late: false },
      ],
      remarks: [
        'commits of role app in database postgres waited for no standby, by their synchronous_commit: the last of them may be lost',
      ],
    });
    const there = new Set(await lab.rows(outcome.to));
    expect(writers.acknowledged.filter(({ id }) => !there.has(id))).toEqual([]);
    await expectSame(lab, outcome);
    const names = `ANY 2 (${OTHERS.map((name) => `"${name === outcome.to ? PRIMARY : name}"`).join(', ')})`;
    expect(await lab.ask(outcome.to, 'SHOW synchronous_standby_names')).toEqual([
      { synchronous_standby_names: names },
    ]);
    for (const name of outcome.following)
      expect(await lab.ask(name, NOTE)).toEqual([{ note: `pontoon.synchronous=${names}` }]);
  });

  test('loses exactly what nobody had received if nobody was waited for', async () => {
    lab = await ClusterLab.open({ major });
    const writers = lab.write(() => PRIMARY);
    await eventually(async () => writers.acknowledged.length > 100);
    await lab.cutOff();
    const before = writers.acknowledged.length;
    await eventually(async () => writers.acknowledged.length > before + 100);
    await writers.stop();
    const [last] = await lab.ask<{ lsn: string }>(PRIMARY, END);
    await lab.server(PRIMARY).kill();
    // The program was edited, and the machines were not.
    const input = lab.input({ lastKnown: last?.lsn, topology: waitingTopology(lab) });
    await expect(promote({ input, declareLost: true }, lab)).rejects.toThrow(
      /^'primary' must have noted that its commits wait for ANY 1 \("replica1", "replica2"\), as the topology says, got no note on 'replica\d'; say --accept-loss, and it counts as asynchronous$/,
    );
    const outcome = await promote({ input, declareLost: true, acceptLoss: true }, lab);

    const { forkedAt, loss } = outcome;
    expect(await lab.ask(outcome.to, CHECKPOINTED)).toEqual([{ timeline_id: 2 }]);
    const there = new Set(await lab.rows(outcome.to));
    const missing = writers.acknowledged.filter(({ id }) => !there.has(id));
    expect(missing.length).toBeGreaterThan(99);
    expect(missing.filter(({ after }) => lsnDistance(after, forkedAt) >= 0n)).toEqual([]);
    const bytes = String(lsnDistance(forkedAt, last?.lsn ?? ''));
    expect(loss).toEqual({ kind: 'everything-after', after: forkedAt, bytes });
    expect(describeLoss(loss, PRIMARY)).toBe(
      `what 'primary' wrote after ${forkedAt} is lost, acknowledged or not: ${bytes} bytes of log as far as it was seen`,
    );
    await expectSame(lab, outcome);
  });

  test('is replaced by the most advanced standby', async () => {
    const settings = { wal_level: 'logical', archive_mode: 'on', archive_command: 'true' };
    lab = await ClusterLab.open({ major, settings });
    await lab.server('replica1').stop();
    await lab.server('replica3').stop();
    await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 0 FROM generate_series(1, 1000) n');
    await lab.untilReplayed(PRIMARY, ['replica2']);
    await lab.server(PRIMARY).kill();
    await lab.server('replica1').start();
    await lab.server('replica3').start();
    const refused = promote({ input: lab.input({ to: 'replica1' }), declareLost: true }, lab);
    await expect(refused).rejects.toThrow(
      /^'to' must be the most advanced standby, got 'replica1', which is \d+ bytes behind 'replica2' \([0-9A-F/]+, [0-9A-F/]+\); promote 'replica2', or leave 'to' out$/,
    );

    const outcome = await promote({ input: lab.input(), declareLost: true }, lab);
    expect(outcome).toMatchObject({ to: 'replica2', following: ['replica1', 'replica3'] });
    expect(outcome.loss).toEqual({
      kind: 'everything-after',
      after: outcome.forkedAt,
      bytes: undefined,
    });
    expect(outcome.remarks).toEqual([
      "logical slots that 'primary' may have had are not on 'replica2': what read from them has to be set up anew, and its data compared",
    ]);
    expect(await lab.rows('replica2')).toHaveLength(1000);
    await expectSame(lab, outcome);
  });
});

/** With a quorum that no server was told of. */
function waitingTopology({ topology }: ClusterLab): unknown {
  const { servers, ...rest } = plainTopology(topology);
  const synchronous = { quorum: 1, standbys: ['replica1', 'replica2'] };
  return { ...rest, servers: { ...servers, [PRIMARY]: { ...servers[PRIMARY], synchronous } } };
}

/** The followers have what the new primary has. */
async function expectSame(lab: ClusterLab, { to, following }: PromotionOutcome): Promise<void> {
  await lab.untilReplayed(to, following);
  const rows = await lab.rows(to);
  for (const name of following) expect(await lab.rows(name)).toEqual(rows);
}
