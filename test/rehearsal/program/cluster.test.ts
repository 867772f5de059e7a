import { createTopology, LinkKind, memberSlot, Platform } from '../../../lib/postgres';
import { newFindings } from '../../../lib/rehearsal/findings';
import { Cluster } from '../../../lib/rehearsal/program/cluster/cluster';
import { Recorder } from '../../../lib/rehearsal/recorder';
import { Workspace } from '../../../lib/rehearsal/servers';
import { asSuperuser } from '../../../lib/rehearsal/source';

const vm = { platform: Platform.OCI_VM, majorVersion: 17, database: 'shop' };
const topology = createTopology({
  servers: { one: vm, two: vm },
  links: [{ kind: LinkKind.PHYSICAL, from: 'one', to: 'two' }],
});
const WAITS = 'ANY 1 ("two")';
const host = {
  settings: { wal_level: 'replica', work_mem: '7MB', archive_command: '/usr/local/sbin/archive' },
  hba: ['local all all peer', 'hostssl all reader 10.9.9.9/32 scram-sha-256'],
};

const waiting: typeof host = {
  ...host,
  settings: { ...host.settings, ...{ synchronous_standby_names: WAITS } },
};

let workspace: Workspace;
let cluster: Cluster;

beforeAll(async () => {
  workspace = await Workspace.open();
  const context = {
    rows: 1,
    cutover: true,
    recorder: new Recorder(() => undefined),
    findings: newFindings(),
    rehearsed: { stack: 'cluster/dev', name: 'shop', topology },
    workspace,
  };
  const hosts = new Map([
    ['one', waiting],
    ['two', host],
  ]);
  cluster = new Cluster(context, topology, hosts, 'one');
  await cluster.startPrimary();
  await cluster.startReplicas();
});
afterAll(() => workspace.dispose());

async function ask(name: string, query: string): Promise<readonly unknown[]> {
  return await asSuperuser(cluster.server(name), 'shop', async (client) => {
    const { rows } = await client.query({ text: query, rowMode: 'array' });
    return rows.map((row) => (row.length === 1 ? row[0] : row));
  });
}

test('each server has the settings and the access rules that its host is told', async () => {
  for (const name of ['one', 'two']) {
    expect(await ask(name, 'SHOW work_mem')).toEqual(['7MB']);
    expect(await ask(name, 'SHOW archive_command')).toEqual(['(disabled)']);
    expect(
      await ask(name, `SELECT address FROM pg_hba_file_rules WHERE 'reader' = ANY (user_name)`),
    ).toEqual(['10.9.9.9']);
  }
  expect(cluster.shims.map(({ name }) => name)).toContain(
    'the log is not archived, and nothing is restored from an archive',
  );
});

test('replicas copy the primary, and stream from it by a slot each', async () => {
  expect(await ask('one', 'SELECT slot_name, slot_type, active FROM pg_replication_slots')).toEqual(
    [[memberSlot(topology, 'two'), 'physical', true]],
  );
  expect(await ask('one', 'SELECT application_name FROM pg_stat_replication')).toEqual(['two']);
});

test('the primary notes in its database whom its commits wait for', async () => {
  expect(await ask('one', 'SHOW synchronous_standby_names')).toEqual([WAITS]);
  await cluster.untilReplayed('one', ['two']);
  expect(await ask('two', 'SELECT unnest(setconfig) FROM pg_db_role_setting')).toEqual([
    `pontoon.synchronous=${WAITS}`,
  ]);
});

test('the old primary is copied anew, without what it alone had written', async () => {
  await ask('one', 'CREATE TABLE t AS SELECT 1 AS id');
  await cluster.untilReplayed('one', ['two']);
  await cluster.server('one').configure({ synchronous_standby_names: '' });
  await cluster.server('two').stop();
  await ask('one', 'INSERT INTO t VALUES (2)');
  await cluster.server('one').kill();
  await cluster.server('two').start();
  await ask('two', 'SELECT pg_promote()');
  await ask('two', 'INSERT INTO t VALUES (3)');
  await cluster.follow('one', 'two');
  await cluster.untilReplayed('two', ['one']);
  expect(await ask('one', 'SELECT id FROM t ORDER BY 1')).toEqual([1, 3]);
  expect(cluster.started.map(({ name }) => name)).toEqual(['one', 'two', 'one']);
});
