import { CUTOVER_STEPS, rollbackOf } from '../../../lib/postgres';
import { cutover, dryRun, finalize, status } from '../../../lib/runner';
import { asSuperuser } from '../../faults/walks';
import { CutoverLab } from './lab';
import { contradictions, JournalWriter, untilWritten } from './writer';

/** Logins that are none of the migration's, but kept while it lasts. */
const LOGINS = `CREATE ROLE theirs LOGIN REPLICATION;
CREATE ROLE managed LOGIN IN ROLE rds_replication;
CREATE ROLE grafana LOGIN`;

/** What has other names than what was deployed was never there, and so was never finalized. */
async function isMissed(lab: CutoverLab): Promise<void> {
  const { reverse: _, ...plan } = lab.plan();
  const forward = plan.forward.map((path) => ({ ...path, slotName: 'fwd', subscription: 'fwd' }));
  const services = await lab.services();
  const missed = { plan: { ...plan, forward }, owner: 'test' };
  const found = await status(missed, services);
  const { gates } = await dryRun(missed, services);
  const ways = await status({ plan, waysOnly: true }, services);
  await services.close();
  expect(ways).toMatchObject({ phase: 'provisioned', forward: { state: 'carrying' }, gates: [] });
  expect(found).toMatchObject({ phase: 'absent', writer: 'blue', gates: [] });
  expect(gates.find(({ id }) => id === 'forward')?.found).toBe("no subscription 'fwd' on 'green'");
}

describe.each([
  [17, 17],
  [14, 18],
  [18, 14],
] as const)('a cutover from PostgreSQL %i to %i', (from, to) => {
  // Event triggers take a superuser, which the admin of the lab is where subscriptions take one too.
  const frozen = from < 16;
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
    if (frozen) await lab.apply(lab.blue, { kind: 'ddl-ledger', schemas: ['shop'], frozen });
  });
  afterAll(() => lab.stop());

  test('and back, and again, to the end, loses no acknowledged write', async () => {
    const writers = [0, 1, 2, 3].map(
      (client) => new JournalWriter(client, () => lab.application()),
    );
    await untilWritten(writers, 50);
    const plan = lab.plan();
    await isMissed(lab);
    const back = rollbackOf(plan);
    if (back === undefined) throw new Error('there is a way back');
    for (const one of [plan, back, plan]) {
      const services = await lab.services();
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
      await untilWritten(writers, 50);
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await contradictions(lab.green.admin, writers)).toEqual([]);
    const services = await lab.services();
    const open = await status({ plan }, services);
    expect(open).toMatchObject({
      phase: 'open',
      writer: 'green',
      active: 'green',
      fenced: [{ server: 'blue', owner: 'test', decided: true, past: [] }],
      forward: { state: 'stopped' },
      reverse: { state: 'carrying' },
      gates: [],
    });
    const { rows } = await lab.blue.admin.query(
      `SELECT to_jsonb(s) ->> 'suborigin' AS origin FROM pg_catalog.pg_subscription s`,
    );
    // The second belt, from PostgreSQL 16 on.
    expect(rows).toEqual([{ origin: from < 16 ? null : 'none' }]);
    await asSuperuser(lab.blue, LOGINS);
    const keep = { ...plan.keep, blue: ['reader', 'theirs', 'managed', 'grafana'] };
    const ending = { plan: { ...plan, keep }, owner: 'test' };
    const { dropped, rotate } = await finalize(ending, services);
    expect(dropped).toEqual([
      `subscription 'forward' on 'green'`,
      `slot 'forward' on 'blue'`,
      `publication 'forward' on 'blue'`,
      `subscription 'backward' on 'blue'`,
      `slot 'backward' on 'green'`,
      `publication 'backward' on 'green'`,
      ...(frozen ? [`ddl-ledger 'ddl-ledger' on 'blue'`] : []),
      `canary 'canary' on 'blue'`,
      `role 'reader' on 'blue'`,
      `connection-guard 'connection-guard' on 'green'`,
      `canary 'canary' on 'green'`,
      `role 'reader' on 'green'`,
      `fence on 'blue'`,
    ]);
    // Its own login is gone, and one that only reads was never replicated with.
    expect(rotate).toEqual([
      { server: 'blue', role: 'managed' },
      { server: 'blue', role: 'theirs' },
    ]);
    expect(await status({ plan }, services)).toMatchObject({ phase: 'finalized', writer: 'green' });
    await services.close();
  });
});
