import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { statusRows } from '../../../lib/cli/status-rows';
import { cutover, dryRun, finalize, status, type TaskTable } from '../../../lib/runner';
import { asSuperuser, failureOf } from '../../faults/walks';
import { DmsLab, WRITER } from './dms-lab';
import type { LabServices } from './lab';

let dms: DmsLab;
let services: LabServices;
beforeAll(async () => {
  dms = await DmsLab.start();
});
afterAll(() => dms.stop());
beforeEach(async () => {
  services = await dms.lab.services();
});
afterEach(() => services.close());

const request = () => ({ plan: dms.plan(), owner: 'test' });
const forward = async (tables: (now: readonly TaskTable[]) => readonly TaskTable[]) => {
  const task = dms.task();
  const changed = { ...task, tables: async () => tables(await task.tables()) };
  return (await status(request(), { ...services, task: changed })).gates.find(
    ({ id }) => id === 'forward',
  )?.found;
};

test('a gate looks at each table of the task', async () => {
  await dms.lab.blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('one')`);
  await dms.arrived(`SELECT FROM shop.customers WHERE name = 'one'`);
  expect(await forward((now) => now)).toBe('as it must be');
  expect(await forward((now) => now.filter(({ name }) => name !== 'canary'))).toBe(
    'no table "pontoon"."canary" in the task',
  );
  expect(await forward((now) => [...now, { schema: 'a', name: 'b', state: 'Table error' }])).toBe(
    `table "a"."b" in the state 'Table error'`,
  );
});

test('a gate looks at each partition that the task lists in place of its table', async () => {
  const { blue, green } = dms.lab;
  const both = (text: string) => Promise.all([blue, green].map(({ admin }) => admin.query(text)));
  await both(
    `CREATE TABLE shop.events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
     CREATE TABLE shop.events_2026 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  );
  const listed = (name: string, state = 'Table completed') => ({ schema: 'shop', name, state });
  const older = listed('events_2026');
  expect(await forward((now) => now)).toBe('no table "shop"."events_2026" in the task');
  expect(await forward((now) => [...now, older])).toBe('as it must be');
  expect(await forward((now) => [...now, listed('events')])).toBe('as it must be');
  await both(
    `CREATE TABLE shop.events_2027 PARTITION OF shop.events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')`,
  );
  expect(await forward((now) => [...now, older])).toBe('no table "shop"."events_2027" in the task');
  expect(await forward((now) => [...now, older, listed('events_2027', 'Table error')])).toBe(
    `table "shop"."events_2027" in the state 'Table error'`,
  );
  await both('DROP TABLE shop.events');
});

test('changes that were left out keep the gate closed until they are mended', async () => {
  await dms.lab.green.admin.query(
    `CREATE TABLE public.awsdms_apply_exceptions ("ERROR" text); INSERT INTO public.awsdms_apply_exceptions VALUES ('a'), ('b')`,
  );
  expect(await forward((now) => now)).toBe(
    `2 changes that were not applied in "public"."awsdms_apply_exceptions" on 'green', which is emptied when they are mended`,
  );
  await dms.lab.green.admin.query('DROP TABLE public.awsdms_apply_exceptions');
});

test('row security that was left off for the task is put on before the cutover, as the gate says', async () => {
  const { blue, green } = dms.lab;
  const enable = 'ALTER TABLE shop.counters ENABLE ROW LEVEL SECURITY';
  const policy = 'CREATE POLICY own ON shop.counters TO app USING (client < 9)';
  // Not the owner of the sessions here, to whom no role could be granted that has it already.
  const owner =
    'CREATE ROLE keeper; GRANT keeper TO dbadmin; GRANT USAGE, CREATE ON SCHEMA shop TO keeper; ALTER TABLE shop.counters OWNER TO keeper';
  await asSuperuser(blue, `${owner}; ${policy}; ${enable}`);
  await asSuperuser(green, `${owner}; ${policy}`);
  const gate = async () =>
    (await status(request(), services)).gates.find(({ id }) => id === 'schemas');
  expect(await gate()).toMatchObject({
    status: 'closed',
    found: "on 'green': row security shop.counters is missing",
    wayOut: `make the same change on the other server, or copy the schema again; where row security was left off for what is replicated, GRANT the owner of the table to '${WRITER}' on 'green', for whom it does not hold then, and only then ENABLE ROW LEVEL SECURITY there; where it is forced, ALTER ROLE BYPASSRLS for '${WRITER}' instead, or NO FORCE ROW LEVEL SECURITY on both servers`,
  });
  await asSuperuser(green, `GRANT keeper TO ${WRITER}; ${enable}`);
  expect(await gate()).toMatchObject({ status: 'open' });
  await asSuperuser(blue, 'INSERT INTO shop.counters VALUES (9, 1)');
  await dms.arrived('SELECT FROM shop.counters WHERE client = 9');
  const { gates } = await dryRun(request(), { ...services, task: dms.task() });
  expect(gates.filter((one) => one.status !== 'open')).toEqual([]);
  const undo = `ALTER TABLE shop.counters OWNER TO dbadmin; ALTER TABLE shop.counters DISABLE ROW LEVEL SECURITY; DROP POLICY own ON shop.counters; DROP OWNED BY keeper; DROP ROLE keeper`;
  for (const side of [blue, green]) await asSuperuser(side, undo);
});

test('a table that the task gives up behind the gates has the walk undone', async () => {
  const walk = cutover(request(), {
    ...services,
    task: dms.task(),
    onEvent: async (event) => {
      if (event.kind !== 'step' || event.step.id !== 'fence') return;
      await dms.lab.green.admin.query(`INSERT INTO shop.customers VALUES (900, 'foreign')`);
      await dms.lab.blue.admin.query(`INSERT INTO shop.customers VALUES (900, 'ours')`);
    },
  });
  expect(await failureOf(walk)).toBe(
    `UNDONE: the DMS task must have applied every change, got table "shop"."customers" in the state 'Table error'; mend what its log says, and reload the table; everything was taken back, and 'blue' works as before`,
  );
});

test('the login of a task that is still stopping stays shut when everybody may connect again', async () => {
  const other = await DmsLab.start();
  const own = await other.lab.services();
  const tried: unknown[] = [];
  const task = other.task();
  const lingering = {
    ...task,
    untilStopped: async () => {
      const client = new Client(other.writer());
      tried.push(
        await client.connect().then(
          () => 'connected',
          ({ message }) => message,
        ),
      );
      await client.end();
      await task.untilStopped();
    },
  };
  const walk = cutover({ plan: other.plan(), owner: 'test' }, { ...own, task: lingering });
  expect((await walk.finally(() => own.close())).result).toBe('opened');
  const control = async () =>
    (await other.lab.green.admin.query(`SELECT FROM pg_namespace WHERE nspname = 'awsdms_control'`))
      .rowCount;
  expect(await control()).toBe(1);
  const ending = await other.services();
  const ended = { plan: other.plan(), owner: 'test' };
  const found = async () => {
    const seen = await status(ended, ending);
    const { phase, writer, fenced } = seen;
    const [next] = statusRows(ended.plan, seen).flatMap(([row, text]) =>
      row === 'next' ? [text] : [],
    );
    return { phase, writer, fenced: fenced.map(({ server }) => server), next };
  };
  expect(await found()).toEqual({
    phase: 'open',
    writer: 'green',
    fenced: ['blue'],
    next: 'pontoon finalize; there is no way back, as was declared',
  });
  await finalize(ended, ending);
  expect(await found()).toEqual({
    phase: 'finalized',
    writer: 'green',
    fenced: [],
    next: 'nothing: the migration has ended',
  });
  await ending.close();
  expect(await control()).toBe(0);
  const { rows } = await other.lab.green.admin.query(
    `SELECT has_database_privilege('${WRITER}', current_database(), 'CONNECT') AS may`,
  );
  expect(rows).toEqual([{ may: true }]);
  expect(tried).toEqual([`role "${WRITER}" is not permitted to log in`]);
  await other.stop();
});

test('a stop that is given up, and comes late, does not stop what the undo resumed', async () => {
  const other = await DmsLab.start();
  const own = await other.lab.services();
  const task = other.task();
  const resumed = new AbortController();
  const undoing = new AbortController();
  const plan = other.plan();
  const walk = cutover(
    { plan: { ...plan, limits: { ...plan.limits, budgetMs: 8_000 } }, owner: 'test' },
    {
      ...own,
      task: {
        ...task,
        // It does not look at its signal, and is accepted by the service when the undo has long begun.
        requestStop: async () => {
          await once(undoing.signal, 'abort');
          await delay(1_000, undefined, { signal: resumed.signal }).catch(() => undefined);
          await task.requestStop();
        },
        resume: async () => {
          await task.resume();
          resumed.abort();
        },
      },
      onEvent: ({ kind }) => {
        if (kind === 'undo') undoing.abort();
      },
    },
  );
  // What is left of the budget.
  expect(await failureOf(walk.finally(() => own.close()))).toMatch(
    /^UNDONE: cannot have the DMS task stop: it must end within the \d s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again; everything was taken back, and 'blue' works as before$/,
  );
  await other.lab.blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('after')`);
  await other.arrived(`SELECT FROM shop.customers WHERE name = 'after'`);
  await other.stop();
});
