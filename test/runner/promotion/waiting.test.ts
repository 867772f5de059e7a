import { unwaiting } from '../../../lib/postgres';
import { dryRunPromotion, promote } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

const HANGS = `SELECT FROM pg_stat_activity WHERE usename = 'app' AND wait_event = 'SyncRep'`;

let lab: ClusterLab;
afterEach(async () => await lab?.close());

test('where too few are left that commits wait for, it says how clients may go on', async () => {
  const standbys = ['replica1', 'replica2', 'replica3'];
  lab = await ClusterLab.open({ major: 17, synchronous: { quorum: 2, standbys } });
  const ordinary = lab.input({ to: 'replica2' });
  expect((await dryRunPromotion({ input: ordinary }, lab)).remarks).toEqual([]);
  for (const name of [PRIMARY, 'replica1']) await lab.server(name).kill();
  const input = lab.input({ to: 'replica2', lost: ['replica1'] });
  const request = { input, declareLost: true };
  const said = `every commit on 'replica2' waits for 2 of 'replica1', 'primary', 'replica3', and only 'replica3' follows it, so that clients hang: rejoin others, or, if clients may not wait for that, have commits wait for those only by SET synchronous_commit = local; ALTER DATABASE "shop" RESET pontoon.synchronous; ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ("replica3")'; SELECT pg_catalog.pg_reload_conf(); on 'replica2'`;
  expect((await dryRunPromotion(request, lab)).remarks).toEqual([said]);
  const outcome = await promote(request, lab);
  expect(outcome).toMatchObject({
    loss: { kind: 'nothing-acknowledged' },
    following: ['replica3'],
    commitsWait: true,
    remarks: [said],
  });

  const app = await lab.application('replica2');
  const inserted = app.query('INSERT INTO t VALUES (1, 1)');
  await eventually(async () => (await lab.ask('replica2', HANGS)).length === 1);
  const root = await lab.client('replica2');
  const [, statements = ''] = /those only by (.*;) on 'replica2'$/.exec(said) ?? [];
  // One by one: the server's settings change in no transaction.
  for (const statement of statements.split('; ')) await root.query(statement);
  await inserted;
  await lab.untilReplayed('replica2', ['replica3']);
  expect(await lab.rows('replica3')).toEqual([1]);
});

test('nobody is waited for where nobody follows, once the operator says so', async () => {
  lab = await ClusterLab.open({
    major: 15,
    standbys: 1,
    synchronous: { quorum: 1, standbys: ['replica1'] },
  });
  const outcome = await promote({ input: lab.input() }, lab);
  expect(outcome).toMatchObject({ loss: { kind: 'nothing' }, following: [], commitsWait: true });
  expect(outcome.remarks).toEqual([
    `every commit on 'replica1' waits for 1 of 'primary', and none of them follows it, so that clients hang: rejoin others, or, if clients may not wait for that, have commits wait for nobody by SET synchronous_commit = local; ALTER DATABASE "shop" RESET pontoon.synchronous; ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_catalog.pg_reload_conf(); on 'replica1'`,
  ]);
});

test.each([
  { asked: 'ANY 2', wait: true },
  { asked: 'FIRST 1', wait: false },
])(
  'what machines wait for counts where the topology says nothing: $asked',
  async ({ asked, wait }) => {
    lab = await ClusterLab.open({ major: 17, standbys: 2 });
    const names = `${asked} (primary, "replica1", Replica2)`;
    for (const name of [PRIMARY, 'replica1', 'replica2'])
      await lab.server(name).configure({ synchronous_standby_names: names });
    await lab.server(PRIMARY).kill();
    const request = { input: lab.input({ to: 'replica1' }), declareLost: true };
    const unsaid = `commits on 'replica1' wait for ${names}, of which the topology says nothing, so that no promotion counts on it: give 'synchronous' as it is in force`;
    const hang = `every commit on 'replica1' waits for 2 of 'primary', 'replica1', 'Replica2', and only 'replica2' follows it, so that clients hang: rejoin others, or, if clients may not wait for that, have commits wait for those only by SET synchronous_commit = local; ALTER DATABASE "shop" RESET pontoon.synchronous; ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ("replica2")'; SELECT pg_catalog.pg_reload_conf(); on 'replica1'`;
    const remarks = wait ? [hang, unsaid] : [unsaid];
    expect((await dryRunPromotion(request, lab)).remarks).toEqual(remarks);
    expect(await promote(request, lab)).toMatchObject({ commitsWait: wait, remarks });

    const app = await lab.application('replica1');
    const inserted = app.query('INSERT INTO t VALUES (1, 1)');
    inserted.catch(() => undefined);
    if (wait) await eventually(async () => (await lab.ask('replica1', HANGS)).length === 1);
    else await inserted;
  },
);

test('who waits for nobody is named, be it every role', async () => {
  lab = await ClusterLab.open({ major: 14, standbys: 1 });
  await lab.ask(PRIMARY, 'ALTER ROLE ALL SET synchronous_commit = off');
  await lab.ask(PRIMARY, 'ALTER ROLE app IN DATABASE shop SET synchronous_commit = local');
  expect(await lab.ask(PRIMARY, unwaiting().text)).toEqual([
    { who: 'every role' },
    { who: 'role app in database shop' },
  ]);
});
