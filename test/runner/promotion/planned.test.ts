import { execFileSync } from 'node:child_process';
import { type PromotionEvent, promote } from '../../../lib/runner';
import { sampled } from '../../faults/matrix';
import { sessionBeingOpened } from '../../opening-session';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, DATABASE, FENCED, PRIMARY } from './lab';

const MAJORS = sampled([15, 17], (major) => major === 17);
const LIMITS = `SELECT datname AS name, datconnlimit AS "limit" FROM pg_database WHERE datallowconn ORDER BY 1`;

/** The archive fails. */
const SENDING = { wal_level: 'logical', archive_mode: 'on', archive_command: 'false' };

const ONE_ROW = `const { Client } = require('pg');
const client = new Client(JSON.parse(process.argv[1]));
client.connect().then(() => client.query('INSERT INTO t VALUES (7, 7)')).then(() => client.end());`;

describe.each(MAJORS)('a primary of PostgreSQL %i that answers', (major) => {
  let lab: ClusterLab;
  afterEach(async () => await lab?.close());

  test('is fenced first, so that nothing is lost under load', async () => {
    lab = await ClusterLab.open({ major, settings: SENDING });
    await lab.ask(PRIMARY, `SELECT pg_create_logical_replication_slot('to_elsewhere', 'pgoutput')`);
    await lab.ask(PRIMARY, `SELECT pg_create_physical_replication_slot('cascade')`);
    await lab.ask(PRIMARY, `ALTER DATABASE ${DATABASE} CONNECTION LIMIT 40`);
    let now = PRIMARY;
    const writers = lab.write(() => now);
    await eventually(async () => writers.acknowledged.length > 200);
    const outcome = await promote({ input: lab.input({ to: 'replica2' }) }, lab);
    now = 'replica2';
    const before = writers.acknowledged.length;
    await eventually(async () => writers.acknowledged.length > before + 50);
    await writers.stop();

    expect(outcome).toMatchObject({
      result: 'promoted',
      to: 'replica2',
      timeline: 2,
      loss: { kind: 'nothing' },
      following: ['replica1', 'replica3'],
      notFollowing: [{ server: PRIMARY, reason: FENCED, late: false }],
      remarks: [
        "logical slots of 'primary' are not on 'replica2', got 'to_elsewhere': what reads from them stays with the old primary, and has to be set up anew, and its data compared",
        "others than the cluster's servers stream from 'primary', got 'cascade': point them to 'replica2' yourself, with slots of their own",
        "'replica2' cannot keep its log in its archive: if that is lost with 'primary', the log that waits for it fills the disk of 'replica2', so give it another one; see pg_stat_archiver, and section 2 of the runbook",
      ],
    });
    const there = new Set(await lab.rows('replica2'));
    expect(writers.acknowledged.filter(({ id }) => !there.has(id))).toEqual([]);
    await lab.untilReplayed('replica2', outcome.following);
    expect(await lab.rows('replica1')).toEqual(await lab.rows('replica2'));
    expect(await lab.ask('replica2', LIMITS)).toEqual([
      { name: 'postgres', limit: -1 },
      { name: DATABASE, limit: 40 },
      { name: 'template1', limit: -1 },
    ]);
    const [{ cluster } = { cluster: '' }] = await lab.ask<{ cluster: string }>(
      'replica2',
      'SELECT system_identifier::text AS cluster FROM pg_control_system()',
    );
    const took = `pontoon.took_place={"server":"replica2","cluster":"${cluster}","timeline":2,"began":"${outcome.forkedAt}","replaced":["primary"]}`;
    const settings = 'SELECT DISTINCT setconfig FROM pg_db_role_setting';
    expect(await lab.ask('replica2', settings)).toEqual([{ setconfig: [took] }]);
    expect((await lab.ask(PRIMARY, LIMITS)).map((row) => row)).toContainEqual({
      name: DATABASE,
      limit: 0,
    });
  });

  test('ends a session that was being opened, although nothing showed it', async () => {
    lab = await ClusterLab.open({ major, standbys: 1 });
    const { client, connected } = await sessionBeingOpened(lab.loginOf(PRIMARY), (query) =>
      lab.ask(PRIMARY, query),
    );
    await promote({ input: lab.input() }, lab);
    await connected;
    await expect(client.query('INSERT INTO t VALUES (1, 1)')).rejects.toThrow(
      /terminat|not queryable/,
    );
    expect(await lab.rows(PRIMARY)).toEqual([]);
  });

  test.each(['re-point', 'promote'])(
    'tells the truth of what a superuser writes as step %s begins',
    async (step) => {
      lab = await ClusterLab.open({ major, standbys: 2 });
      // A probe of monitoring, which leaves by itself.
      const probe = await lab.client(PRIMARY);
      const config = JSON.stringify(lab.server(PRIMARY).controlConfig(DATABASE));
      const onEvent = (event: PromotionEvent): void => {
        if (event.kind !== 'step') return;
        if (event.id === 'fence') setTimeout(() => void probe.end(), 50);
        if (event.id === step) execFileSync(process.execPath, ['-e', ONE_ROW, config]);
      };
      const input = lab.input({ to: 'replica1' });
      const outcome = await promote({ input }, { secrets: lab.secrets, onEvent });

      const { forkedAt, loss } = outcome;
      const there = (await lab.rows('replica1')).includes(7);
      if (step === 're-point') expect(there).toBe(true);
      expect(loss).toEqual(
        there
          ? { kind: 'nothing' }
          : {
              kind: 'everything-after',
              after: forkedAt,
              bytes: expect.stringMatching(/^[1-9]\d*$/),
            },
      );
      expect(outcome.following).toEqual(['replica2']);
    },
  );
});
