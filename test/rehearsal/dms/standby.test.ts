import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { DmsStandIn, type DmsStandInOptions } from '../../../lib/rehearsal/dms';
import { Server, Workspace } from '../../../lib/rehearsal/servers';
import { serverBinaries } from '../../../lib/rehearsal/servers/staging';
import { sampled } from '../../faults/matrix';
import { startTestServer, type TestServer } from '../../servers';
import { behaviour } from './behaviour';
import { EVERYTHING, eventually, settings } from './task';

// Decoding on a standby began with 16.
const MAJORS = sampled([16, 17, 18], (major) => major !== 17);

const SETTINGS = {
  wal_level: 'logical',
  hot_standby_feedback: 'on',
  wal_receiver_status_interval: '1s',
};

describe.each(MAJORS)('on a standby of PostgreSQL %i', (major) => {
  let workspace: Workspace;
  let primary: TestServer;
  let standby: Server;
  let target: TestServer;
  let task: DmsStandIn | undefined;

  beforeAll(async () => {
    workspace = await Workspace.open();
    [primary, target] = await Promise.all([
      startTestServer({ workspace, name: 'primary', major, settings: SETTINGS }),
      startTestServer({ workspace, name: 'target', major }),
    ]);
    const a = await primary.client();
    await a.query("SELECT pg_create_physical_replication_slot('b', true)");
    await a.query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
    await a.query("INSERT INTO orders SELECT n, 'row ' || n FROM generate_series(1, 500) n");
    await (await target.client()).query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
    standby = await standbyOf(workspace, primary.server);
    await createSlot(await primary.client(), standby);
  });
  afterEach(async () => {
    if (task?.state().status === 'running') await task.stop();
    task = undefined;
  });
  afterAll(async () => {
    await Promise.all([primary.stop(), target.stop()]);
    await standby.stop('immediate');
    await workspace.dispose();
  });

  function newTask(options: Partial<DmsStandInOptions> = {}): DmsStandIn {
    task = new DmsStandIn({
      source: standby.connectionConfig(),
      target: target.server.connectionConfig(),
      sourceSettings: { SlotName: 'dms', PluginName: 'test-decoding', CaptureDdls: 'false' },
      tableMappings: EVERYTHING,
      taskSettings: settings({ FullLoadSettings: { TargetTablePrepMode: 'TRUNCATE_BEFORE_LOAD' } }),
      migrationType: 'full-load-and-cdc',
      ...options,
    });
    return task;
  }

  test('replicates through the standby while the primary changes', async () => {
    const a = await primary.client();
    const c = await target.client();
    const running = newTask();
    await running.start();
    for (let id = 1001; id <= 1100; id += 1) {
      await a.query("INSERT INTO orders VALUES ($1, 'new')", [id]);
      await a.query("UPDATE orders SET name = name || '+' WHERE id IN ($1, $2)", [id, id - 1000]);
      await a.query('DELETE FROM orders WHERE id = $1', [id - 800]);
    }
    const query = 'SELECT count(*), md5(string_agg(o::text, $$,$$ ORDER BY id)) FROM orders o';
    await eventually(async () =>
      expect((await c.query(query)).rows).toEqual((await a.query(query)).rows),
    );
    expect(running.state().tables[0]?.exceptions).toBe(0);
    await running.stop();
    expect(running.state().status).toBe('stopped');
  });

  if (major !== 17) return;

  behaviour('never creates a slot on a standby', async () => {
    const CaptureDdls = false;
    await expect(
      newTask({ sourceSettings: { PluginName: 'test-decoding', CaptureDdls } }).start(),
    ).rejects.toThrow(
      "'SlotName' is required on a standby, got none; DMS cannot create replication slots on a standby, so create one there and name it",
    );
    const sourceSettings = { SlotName: 'missing', PluginName: 'test-decoding', CaptureDdls };
    await expect(newTask({ sourceSettings }).start()).rejects.toThrow(
      'replication slot "missing" does not exist on the source and DMS cannot create replication slots on a standby; create it there with test_decoding',
    );
  });

  behaviour('refuses DDL capture and heartbeats on a standby', async () => {
    const base = { SlotName: 'dms', PluginName: 'test-decoding' };
    await expect(newTask({ sourceSettings: base }).start()).rejects.toThrow(
      "'CaptureDdls' must be false on a standby, got true; DMS cannot create its DDL artifacts on a read-only server",
    );
    const heartbeat = { ...base, CaptureDdls: false, HeartbeatEnable: 'true' };
    await expect(newTask({ sourceSettings: heartbeat }).start()).rejects.toThrow(
      "'HeartbeatEnable' must be false on a standby, got true; DMS cannot write its heartbeat on a read-only server",
    );
  });

  test('fails when the primary takes logical decoding away from the standby', async () => {
    const running = newTask();
    await running.start();
    await primary.server.configure({ wal_level: 'replica' });
    await primary.server.restart();
    await running.ended();
    expect(running.state().lastFailureMessage).toBe(
      'Last Error replication slot "dms" was invalidated on the source (wal_level_insufficient); drop it, create it again and reload the target Stop Reason FATAL_ERROR Error Level FATAL',
    );
  });
});

/** A standby over a copy of the stopped primary's files: quicker than a backup, and good enough here. */
async function standbyOf(workspace: Workspace, primary: Server): Promise<Server> {
  const directory = await workspace.makeDirectory('standby');
  await primary.stop();
  await promisify(execFile)('cp', ['-a', primary.dataDirectory, join(directory, 'data')]);
  await primary.start();
  const { user, password } = primary.superuser;
  const conninfo = `host=127.0.0.1 port=${primary.port} user=${user} password=${password} sslmode=require dbname=postgres`;
  const data = join(directory, 'data');
  await appendFile(
    join(data, 'postgresql.auto.conf'),
    `primary_conninfo = '${conninfo}'\nprimary_slot_name = 'b'\n`,
  );
  await writeFile(join(data, 'standby.signal'), '');
  await workspace.giveAway(join(data, 'standby.signal'));
  const { major, superuser } = primary;
  const binaries = await serverBinaries(workspace, major);
  const options = { name: 'standby', major, settings: SETTINGS };
  const standby = await Server.over({ workspace, directory, binaries, superuser }, options);
  await standby.start();
  return standby;
}

/** The slot waits for the primary's list of running transactions, which has to be asked for. */
async function createSlot(primary: Client, standby: Server): Promise<void> {
  const { Client: Session } = await import('pg');
  const b = new Session(standby.controlConfig());
  await b.connect();
  let created = false;
  const creation = b
    .query("SELECT pg_create_logical_replication_slot('dms', 'test_decoding')")
    .then(() => {
      created = true;
    });
  await Promise.all([
    creation,
    eventually(async () => {
      await primary.query('SELECT pg_log_standby_snapshot()');
      expect(created).toBe(true);
    }),
  ]);
  await b.end();
}
