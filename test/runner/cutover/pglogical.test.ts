// The whole way over pglogical, on real servers of two majors: there, back and there again under load, to the end.
import { CUTOVER_STEPS, LinkKind, rollbackOf } from '../../../lib/postgres';
import { cutover, dryRun, finalize, status, verifyRows, waitUntil } from '../../../lib/runner';
import { pglogicalObstacle, preparePglogical } from '../../pglogical-servers';
import { CutoverLab } from './lab';
import { contradictions, JournalWriter, untilWritten } from './writer';

const reason = pglogicalObstacle();
if (reason !== undefined) process.stderr.write(`servers with pglogical: not run, it ${reason}\n`);

(reason === undefined ? describe : describe.skip)('a cutover over pglogical from 15 to 17', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    preparePglogical();
    lab = await CutoverLab.start([15, 17], { kind: LinkKind.PGLOGICAL });
  });
  afterAll(() => lab.stop());

  test('is foretold without a change', async () => {
    const services = await lab.services();
    const { actions, gates } = await dryRun({ plan: lab.plan(), owner: 'test' }, services);
    expect(gates.filter(({ status: state }) => state !== 'open')).toEqual([]);
    const said = actions.map(({ where, what }) => `${where}: ${what}`);
    expect(said).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^blue: SELECT pglogical\.create_subscription\('backward', .*\*\*\*/),
        'green: SELECT pglogical.alter_subscription_disable($1, true)',
        `green: SELECT pg_catalog.pg_create_logical_replication_slot('backward', 'pglogical_output')`,
        'blue: SELECT pglogical.alter_subscription_enable($1, true)',
      ]),
    );
    const native = lab.plan().forward.map((path) => ({
      ...path,
      kind: LinkKind.NATIVE as const,
    }));
    // Nothing of such a way is there, of which a status would show no gate.
    const { gates: others } = await dryRun(
      { plan: { ...lab.plan(), forward: native, reverse: undefined }, owner: 'test' },
      services,
    );
    expect(others.find(({ id }) => id === 'workers')).toMatchObject({
      status: 'closed',
      found: expect.stringMatching(/^a 'pglogical manager \d+' on 'blue', process \d+$/),
      wayOut: 'stop it, or drop its extension, until the cutover has ended: no fence ends it',
    });
    await services.close();
    const { rows } = await lab.blue.admin.query('SELECT sub_name FROM pglogical.subscription');
    expect(rows).toEqual([]);
  });

  test('asks for a comparison anew when a table was out of its set for a while', async () => {
    const services = { ...(await lab.services()), connections: lab.connections() };
    const { skipVerification: _skipped, ...plan } = lab.plan();
    const found = async () =>
      (await status({ plan }, services)).gates.find(({ id }) => id === 'rows')?.found;
    expect(await verifyRows({ plan, owner: 'test' }, services)).toMatchObject({ same: 3, left: 0 });
    expect(await found()).toBe('as it must be');
    await lab.blue.admin.query(
      `SELECT pglogical.replication_set_remove_table('forward', 'shop.customers')`,
    );
    await lab.blue.admin.query(
      `SELECT pglogical.replication_set_add_table('forward', 'shop.customers', false)`,
    );
    expect(await found()).toBe(
      '"shop"."customers" compared before it was published in another way',
    );
    await services.close();
  });

  test('is taken back when clients cannot be sent, and the way forward carries on', async () => {
    const writer = new JournalWriter(9, () => lab.application());
    await untilWritten([writer]);
    const services = await lab.services();
    const refused = cutover(
      { plan: lab.plan(), owner: 'test' },
      {
        ...services,
        endpoint: {
          active: async () => lab.active,
          activate: async (server) => {
            if (server === 'green') throw new Error('the endpoint refuses');
          },
        },
      },
    );
    await expect(refused).rejects.toThrow(
      `the endpoint refuses; everything was taken back, and 'blue' works as before`,
    );
    await untilWritten([writer]);
    await writer.stop();
    const last = writer.acknowledged.at(-1);
    await waitUntil({
      what: 'the last row must arrive',
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await lab.green.admin.query(
          `SELECT FROM shop.orders WHERE client = 9 AND number = ${last}`,
        );
        return rows.length === 1
          ? { done: true, value: undefined }
          : { done: false, reason: 'it is not there' };
      },
    });
    expect(await status({ plan: lab.plan() }, services)).toMatchObject({
      phase: 'provisioned',
      writer: 'blue',
      forward: { state: 'carrying' },
      reverse: { state: 'absent' },
    });
    await services.close();
    expect(await contradictions(lab.green.admin, [writer])).toEqual([]);
  });

  test('and back, and again, to the end, loses no acknowledged write', async () => {
    // A row that never rests is never found to be the same.
    const writers = [0, 1, 2, 3].map(
      (client) => new JournalWriter(client, () => lab.application(), 50),
    );
    await untilWritten(writers, 20);
    await lab.blue.admin.query(
      "INSERT INTO shop.customers (name) SELECT 'early' FROM generate_series(1, 500)",
    );
    // Rows are compared too, before the fence and behind it.
    const { skipVerification: _skipped, ...plan } = lab.plan({ verificationMs: 100 });
    const back = rollbackOf(plan);
    if (back === undefined) throw new Error('there is a way back');
    for (const one of [plan, back, plan]) {
      const services = { ...(await lab.services()), connections: lab.connections() };
      const compared = await verifyRows({ plan: one, owner: 'test' }, services);
      expect(compared).toEqual({ same: 3, differs: [], unchecked: [], left: 0 });
      const steps: string[] = [];
      const outcome = await cutover(
        { plan: one, owner: 'test' },
        {
          ...services,
          onEvent: (event) => {
            if (event.kind === 'step') steps.push(event.step.id);
          },
        },
      ).finally(() => services.close());
      expect(outcome.result).toBe('opened');
      expect(steps).toEqual(CUTOVER_STEPS.map(({ id }) => id));
      expect(lab.active).toBe(one.to);
      // No key is given twice, although nobody but replication inserted here.
      const { admin } = one.to === 'green' ? lab.green : lab.blue;
      const { rows } = await admin.query(
        `SELECT nextval(pg_get_serial_sequence('shop.customers', 'id')) > max(id) AS free FROM shop.customers`,
      );
      expect(rows).toEqual([{ free: true }]);
      await untilWritten(writers, 20);
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await contradictions(lab.green.admin, writers)).toEqual([]);
    const services = await lab.services();
    expect(await status({ plan }, services)).toMatchObject({
      phase: 'open',
      writer: 'green',
      forward: { state: 'stopped' },
      reverse: { state: 'carrying' },
    });
    const { dropped } = await finalize({ plan, owner: 'test' }, services);
    expect(dropped).toEqual([
      `pglogical-subscription 'forward' on 'green'`,
      `slot 'forward' on 'blue'`,
      `pglogical-replication-set 'forward' on 'blue'`,
      `pglogical-subscription 'backward' on 'blue'`,
      `slot 'backward' on 'green'`,
      `pglogical-replication-set 'backward' on 'green'`,
      `pglogical-node 'pglogical-node' on 'blue'`,
      `canary 'canary' on 'blue'`,
      `role 'reader' on 'blue'`,
      `pglogical-node 'pglogical-node' on 'green'`,
      `connection-guard 'connection-guard' on 'green'`,
      `canary 'canary' on 'green'`,
      `role 'reader' on 'green'`,
      `fence on 'blue'`,
    ]);
    expect(await status({ plan }, services)).toMatchObject({ phase: 'finalized', writer: 'green' });
    await services.close();
    for (const { admin } of [lab.blue, lab.green]) {
      const { rows } = await admin.query(
        `SELECT (SELECT count(*)::int FROM pg_replication_slots) AS slots, (SELECT count(*)::int FROM pg_replication_origin) AS origins, to_regnamespace('pglogical')::text AS schema`,
      );
      expect(rows).toEqual([{ slots: 0, origins: 0, schema: null }]);
    }
  });
});
