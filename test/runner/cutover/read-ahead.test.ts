import {
  describeSchema,
  listSequences,
  reportedTablesSql,
  type Statement,
  schemaMark,
  unloggedTable,
} from '../../../lib/postgres';
import { type CutoverEvent, cutover, verifyRows, waitUntil } from '../../../lib/runner';
import { compare, failureOf, isMoment, type Moment, walkWith, watched } from '../../faults/walks';
import { CutoverLab } from './lab';

let lab: CutoverLab;
beforeEach(async () => {
  lab = await CutoverLab.start([17, 17], { compares: true });
  await lab.blue.admin.query(`INSERT INTO shop.orders (client, number) VALUES (1, 1)`);
  await compare(lab, lab.plan());
});
afterEach(() => lab.stop());

const FENCE: Moment = { step: 'fence', edge: 'before' };

const walkAnd = async (moment: Moment, what: () => Promise<unknown>): Promise<unknown> =>
  await walkWith(lab, lab.plan(), moment, what);

const comparing = async (): Promise<number> =>
  (
    await lab.blue.admin.query(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'pontoon verify'`,
    )
  ).rows[0].sessions;

test('what does not change with the last write is read before the fence, and sessions that compare are opened there', async () => {
  const services = await lab.services();
  const behind: string[] = [];
  const open: number[] = [];
  let fenced = false;
  const seen = watched(services, async (ask, text = '') => {
    if (fenced) behind.push(text);
    return await ask();
  });
  const onEvent = async (event: CutoverEvent) => {
    if (isMoment(event, FENCE)) open.push(await comparing());
    if (isMoment(event, { step: 'fence', edge: 'after' })) fenced = true;
    if (isMoment(event, { step: 'open', edge: 'after' })) fenced = false;
  };
  const plan = lab.plan();
  const walk = cutover({ plan, owner: 'test' }, { ...seen, onEvent });
  expect(await walk.finally(() => services.close())).toMatchObject({
    result: 'opened',
    compared: { tables: 3, of: 3 },
  });
  const asked = (one: Statement) => behind.filter((text) => text === one.text).length;
  const { selection } = plan;
  expect([
    asked(schemaMark()),
    asked(describeSchema(selection)),
    asked(listSequences(selection)),
    asked(unloggedTable(selection)),
    asked(reportedTablesSql(selection)),
  ]).toEqual([2, 0, 0, 0, 0]);
  expect(open).toEqual([1]);
  expect(await comparing()).toBe(0);
});

test('sessions that compare are closed as soon as they have, so that they take no place from those that undo', async () => {
  const walk = walkAnd({ step: 'stop-forward', edge: 'before' }, () =>
    waitUntil({
      what: 'sessions that compared must be closed',
      deadlineMs: 5_000,
      intervalMs: 10,
      probe: async () =>
        (await comparing()) === 0
          ? { done: true, value: undefined }
          : { done: false, reason: 'one that is open' },
    }),
  );
  expect(await walk).toMatchObject({ result: 'opened', compared: { tables: 3, of: 3 } });
});

test('a sequence that is made on both writers as the fence goes up goes on where it stood', async () => {
  const walk = walkAnd(FENCE, async () => {
    for (const { admin } of [lab.green, lab.blue]) await admin.query('CREATE SEQUENCE shop.late');
    await lab.blue.admin.query(`SELECT setval('shop.late', 700)`);
  });
  expect(await walk).toMatchObject({ result: 'opened' });
  const { rows } = await lab.green.admin.query('SELECT last_value FROM shop.late');
  expect(Number(rows[0].last_value)).toBeGreaterThan(700);
});

test.each([
  [
    'what is sent',
    'ALTER PUBLICATION forward DROP TABLE shop.customers',
    'blue',
    `not every change of table "shop"."customers" is published on 'blue' by 'forward'`,
  ],
  [
    'what will be sent back',
    'ALTER PUBLICATION backward DROP TABLE shop.customers',
    'green',
    `not every change of table "shop"."customers" is published on 'green' by 'backward'`,
  ],
] as const)('%s must not change as the fence goes up', async (_what, change, server, said) => {
  const walk = walkAnd(FENCE, () => lab.side(server).admin.query(change));
  expect(await failureOf(walk)).toBe(
    `UNDONE: every selected table must be replicated while writers are switched, got: ${said}; publish and follow it, then compare the rows; everything was taken back, and 'blue' works as before`,
  );
});

test('a session that compares and breaks behind the fence undoes the walk', async () => {
  const walk = walkAnd({ step: 'sequences', edge: 'before' }, () =>
    lab.blue.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pontoon verify'`,
    ),
  );
  expect(await failureOf(walk)).toMatch(
    /^UNDONE: server "blue" must stay reachable while "shop"\."\w+" is compared, got .*; verify again when it is; everything was taken back, and 'blue' works as before$/,
  );
  expect(await comparing()).toBe(0);
  const services = await lab.services();
  await verifyRows({ plan: lab.plan(), owner: 'test' }, services).finally(() => services.close());
  expect(await walkAnd(FENCE, async () => undefined)).toMatchObject({ result: 'opened' });
});

test('a session that compares and says nothing holds the walk up no longer than its budget', async () => {
  const stopped: number[] = [];
  const plan = lab.plan({ budgetMs: 3_000 });
  const walk = walkWith(lab, plan, { step: 'sequences', edge: 'before' }, async () => {
    const { rows } = await lab.blue.admin.query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'pontoon verify'`,
    );
    for (const { pid } of rows) {
      process.kill(pid, 'SIGSTOP');
      stopped.push(pid);
    }
  });
  const said = await failureOf(walk).finally(() => {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
  });
  expect(said).toMatch(
    /^UNDONE: cannot compare rows behind the fence: it must end within the [0-3] s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again; everything was taken back, and 'blue' works as before$/,
  );
  expect(stopped).toHaveLength(1);
});
