import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RejoinMode } from '../../../lib/postgres';
import { findClientTool, LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { run } from '../../../lib/rehearsal/servers/run';
import { promote, rejoin } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

/** The only major whose client programs Debian 12 has. */
const MAJOR = 15;
let binDirectory: string;
let lab: ClusterLab;

const present = existsSync(`/usr/lib/postgresql/${MAJOR}/bin/pg_rewind`);
if (!present) process.stderr.write('rejoining: not run, PostgreSQL 15 is not installed\n');

beforeAll(async () => {
  if (!present) return;
  const program = await findClientTool(MAJOR, 'pg_rewind');
  if (program === undefined) throw new Error('pg_rewind of PostgreSQL 15 must be found');
  binDirectory = dirname(program);
});

afterEach(async () => await lab?.close());

(present ? test : test.skip).each([
  { mode: RejoinMode.REWIND, by: 'pg_rewind' },
  { mode: RejoinMode.COPY, by: 'pg_basebackup' },
])('a primary that was killed with more than anybody else is rejoined by $by', async ({ mode }) => {
  lab = await ClusterLab.open({ major: MAJOR, standbys: 2 });
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 0 FROM generate_series(1, 1000) n');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  await lab.cutOff();
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 0 FROM generate_series(1001, 3000) n');
  await lab.server(PRIMARY).kill();
  const request = { input: lab.input(), declareLost: true };
  const { to } = await promote(request, lab);
  await lab.ask(to, 'INSERT INTO t SELECT n, 1 FROM generate_series(2001, 2500) n');

  const { dataDirectory } = lab.server(PRIMARY);
  const { script, ...rest } = await rejoin(
    {
      input: lab.input(),
      server: PRIMARY,
      mode,
      places: { dataDirectory, configFile: join(dataDirectory, 'postgresql.conf'), binDirectory },
    },
    lab,
  );
  expect(rest).toEqual({ server: PRIMARY, mode, primary: to });
  await runOnHost(script);
  await lab.server(PRIMARY).setHba(LOOPBACK_HBA);
  await lab.server(PRIMARY).start();

  const again = await promote({ input: lab.input() }, lab);
  expect(again).toMatchObject({ result: 'already-promoted', to, timeline: 2, notFollowing: [] });
  expect(again.following.toSorted()).toEqual(
    [PRIMARY, 'replica1', 'replica2'].filter((name) => name !== to),
  );
  await lab.untilReplayed(to, again.following);
  for (const name of again.following) expect(await lab.rows(name)).toEqual(await lab.rows(to));
  expect(await lab.rows(PRIMARY)).toHaveLength(1500);
  expect(await lab.ask(PRIMARY, 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);

  // And it is promoted again, with the topology of the beginning.
  await lab.server(to).kill();
  const back = await promote(
    { input: lab.input({ from: to, to: PRIMARY }), declareLost: true },
    lab,
  );
  expect(back).toMatchObject({ result: 'promoted', to: PRIMARY, timeline: 3 });
  expect(back.following).toHaveLength(1);
  await eventually(async () => (await lab.rows(PRIMARY)).length === 1500);
});

async function runOnHost(script: string): Promise<void> {
  const file = join(await lab.workspace.makeDirectory('script'), 'rejoin.sh');
  await writeFile(file, script);
  await lab.workspace.giveAway(file);
  await run(lab.workspace, 'bash', [file], { env: { STOP: 'true', START: 'true' } });
}
