import { Client } from 'pg';
import { type CutoverEvent, cutover } from '../../lib/runner';
import { CutoverLab, type Side } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { PAIRS } from './matrix';
import { asSuperuser, expectWhole, failureOf, OWNER, onwards, walkWith } from './walks';

/** Stands in for pg_cron's table, which needs an extension: what is read of it has the same names. */
const JOBS = `CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigint PRIMARY KEY, command text, database text, username text, active boolean, jobname name);
GRANT USAGE ON SCHEMA cron TO PUBLIC; GRANT SELECT ON cron.job TO PUBLIC;
ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY; CREATE POLICY cron_job_policy ON cron.job USING (username = CURRENT_USER);
INSERT INTO cron.job VALUES (1, 'SELECT 1', 'app', 'app', true, 'of an application'), (2, 'SELECT 1', 'other', 'dbadmin', true, 'elsewhere'), (3, 'SELECT 1', 'app', 'dbadmin', false, 'inactive')`;
/** Without it only a superuser sees the jobs of others. */
const SHOWN = 'CREATE POLICY shown ON cron.job FOR SELECT TO dbadmin USING (true)';
const NIGHTLY = `INSERT INTO cron.job VALUES (4, 'DELETE', 'app', 'dbadmin', true, 'nightly')`;
const OF_SUPERUSER = `INSERT INTO cron.job VALUES (5, 'DELETE', 'app', 'rdsadmin', true, 'purge')`;

describe.each(PAIRS)('what writes by itself, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let writer: JournalWriter;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to], { settings: { 'cron.database_name': 'postgres' } });
    writer = new JournalWriter(0, () => lab.application(), 1);
    await untilWritten([writer]);
  });
  afterAll(async () => {
    await writer.stop();
    await lab.stop();
  });

  const gates = async (): Promise<string> => {
    const services = await lab.services();
    const stop = async (event: { readonly kind: string }) => {
      if (event.kind === 'done') throw new Error('the gates are open');
    };
    const walk = cutover(
      { plan: onwards(lab), owner: OWNER },
      { ...services, connections: lab.connections(), onEvent: stop },
    );
    return await failureOf(walk.finally(() => services.close()));
  };

  const closedBy = (gate: string): string =>
    `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- ${gate}`;

  /** A subscription whose publisher cannot be reached: most of the time it has no worker. */
  const subscribe = (side: Side) =>
    asSuperuser(
      side,
      `CREATE SUBSCRIPTION other CONNECTION 'host=127.0.0.1 port=1' PUBLICATION other WITH (connect = false, slot_name = 'other');
       ALTER SUBSCRIPTION other ENABLE`,
    );
  const unsubscribe = (side: Side) =>
    asSuperuser(
      side,
      'ALTER SUBSCRIPTION other DISABLE; ALTER SUBSCRIPTION other SET (slot_name = NONE); DROP SUBSCRIPTION other',
    );

  test('an enabled subscription on the old writer closes a gate, although it has no worker', async () => {
    const side = lab.side(lab.active);
    await subscribe(side);
    expect(await gates().finally(() => unsubscribe(side))).toBe(
      closedBy(
        `the old writer follows nobody else: closed, got subscription 'other' on '${side.name}'; disable the subscription: no fence keeps its workers out`,
      ),
    );
  });

  test('one that is enabled behind the gates is found behind the fence', async () => {
    const plan = onwards(lab);
    const side = lab.side(plan.from);
    const connections = lab.connections();
    const walk = walkWith(lab, plan, { step: 'prepare', edge: 'after' }, () => subscribe(side), {
      connections,
    });
    expect(await failureOf(walk.finally(() => unsubscribe(side)))).toMatch(
      new RegExp(
        // Its worker is there for a moment, again and again.
        `^UNDONE: (nothing may write to the fenced database on '${plan.from}' by itself, got subscription 'other' on '${plan.from}'; disable it before you try again|the database on '${plan.from}' must hold no session that a fence does not end, got .*logical replication.*; disable its subscription); everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
    await expectWhole(lab, [writer]);
    await lab.followed();
  });

  test('a scheduled job of the runner’s login closes a gate', async () => {
    const side = lab.side(lab.active);
    await asSuperuser(side, JOBS);
    expect(await gates()).toBe(
      side.server.major < 16
        ? 'Error: the gates are open'
        : `GATES_UNCHECKED: every gate of the cutover of 'shop' must be open, got:\n- no job is scheduled on the old writer that a fence does not stop: unchecked, got jobs of others in cron.job that row-level security hides; have its owner let the role of the runner read all (CREATE POLICY … FOR SELECT … USING (true), or BYPASSRLS), or drop pg_cron until the cutover has ended: only jobs of superusers and of kept roles matter, and nobody else sees whether there are any`,
    );
    await asSuperuser(side, SHOWN);
    expect(await gates()).toBe('Error: the gates are open');
    await asSuperuser(side, OF_SUPERUSER);
    expect(await gates()).toContain(`closed, got the job 'purge' of role 'rdsadmin'; `);
    await asSuperuser(side, 'DELETE FROM cron.job WHERE jobid = 5');
    await asSuperuser(side, NIGHTLY);
    expect(await gates()).toBe(
      closedBy(
        `no job is scheduled on the old writer that a fence does not stop: closed, got the job 'nightly' of role 'dbadmin'; set active = false in cron.job until the cutover has ended`,
      ),
    );
    await asSuperuser(side, 'DELETE FROM cron.job WHERE jobid = 4');
  });

  test('one that is scheduled behind the gates is found behind the fence', async () => {
    const plan = onwards(lab);
    const side = lab.side(plan.from);
    const walk = walkWith(lab, plan, { step: 'prepare', edge: 'after' }, () =>
      asSuperuser(side, NIGHTLY),
    );
    expect(await failureOf(walk)).toBe(
      `UNDONE: nothing may write to the fenced database on '${plan.from}' by itself, got the job 'nightly' of role 'dbadmin'; disable it before you try again; everything was taken back, and '${plan.from}' works as before`,
    );
    await asSuperuser(side, 'DROP SCHEMA cron CASCADE');
    await expectWhole(lab, [writer]);
    await lab.followed();
  });

  test('jobs that are kept in another database are looked at there', async () => {
    const { server } = lab.side(lab.active);
    const client = new Client(server.controlConfig('postgres'));
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`${JOBS}; ${SHOWN}; ${NIGHTLY}`);
    expect(await gates()).toBe(
      closedBy(
        `no job is scheduled on the old writer that a fence does not stop: closed, got the job 'nightly' of role 'dbadmin'; set active = false in cron.job until the cutover has ended`,
      ),
    );
    await client.query('DROP SCHEMA cron CASCADE');
    expect(await gates()).toBe('Error: the gates are open');
    await client.end();
  });

  test('without any of it the cutover succeeds', async () => {
    const services = await lab.services();
    const connections = lab.connections();
    const plan = onwards(lab);
    const side = lab.side(plan.from);
    // A scheduler notes there that its jobs are not let in.
    await asSuperuser(side, 'CREATE SCHEMA cron; CREATE TABLE cron.job_run_details (runid int)');
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'done' && event.step.id === 'quiet')
        await asSuperuser(side, 'INSERT INTO cron.job_run_details VALUES (1)');
    };
    const walk = cutover({ plan, owner: OWNER }, { ...services, connections, onEvent });
    expect(await walk.finally(() => services.close())).toMatchObject({ result: 'opened' });
    await expectWhole(lab, [writer]);
  });
});
