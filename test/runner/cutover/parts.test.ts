import type { Client } from 'pg';
import { CUTOVER_STEPS, rollbackOf } from '../../../lib/postgres';
import { cutover, dryRun, finalize, status, waitUntil } from '../../../lib/runner';
import { CutoverLab } from './lab';
import { contradictions, JournalWriter, untilWritten } from './writer';

const SCHEMA = `CREATE SCHEMA extra;
CREATE TABLE extra.parents (id int PRIMARY KEY);
CREATE TABLE extra.children (id int PRIMARY KEY, parent int NOT NULL REFERENCES extra.parents)`;

const ORDERS = { schema: 'shop', name: 'orders' };
const CHILDREN = { schema: 'extra', name: 'children' };

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17], {
    schema: SCHEMA,
    schemas: ['shop', 'extra'],
    parts: {
      orders: { tables: [ORDERS] },
      children: { tables: [CHILDREN] },
    },
  });
});
afterAll(() => lab.stop());

test('each part has an apply worker of its own', async () => {
  const { rows } = await lab.green.admin.query(
    `SELECT subname, array_agg(srrelid::regclass::text ORDER BY srrelid::regclass::text) AS tables FROM pg_subscription s JOIN pg_subscription_rel r ON r.srsubid = s.oid GROUP BY subname ORDER BY subname`,
  );
  expect(rows).toEqual([
    {
      subname: 'forward',
      tables: ['extra.parents', 'pontoon.canary', 'shop.counters', 'shop.customers'],
    },
    { subname: 'forward_children', tables: ['extra.children', 'pontoon.canary_children'] },
    { subname: 'forward_orders', tables: ['pontoon.canary_orders', 'shop.orders'] },
  ]);
});

test('rows are copied only into empty tables, which nothing else is carried to', async () => {
  const { green } = lab;
  const again = (selection: object) =>
    lab.apply(green, {
      kind: 'subscription',
      name: 'again',
      publisher: lab.publisher(lab.blue),
      publications: ['forward'],
      slotName: 'again',
      enabled: false,
      selection,
    });
  const rule =
    "subscription 'again' on 'green' must copy into empty tables that nothing else is carried to, got";
  const wayOut = 'drop what carries the same tables, then empty them';
  await expect(again({ schemas: ['shop'] })).rejects.toThrow(
    `${rule} subscription forward, subscription forward_orders; ${wayOut}`,
  );
  await green.admin.query(
    `CREATE SCHEMA apart; CREATE TABLE apart."A" (id int) PARTITION BY LIST (id); CREATE TABLE apart.a1 PARTITION OF apart."A" DEFAULT; INSERT INTO apart."A" VALUES (1)`,
  );
  const apart = { tables: [{ schema: 'apart', name: 'A' }] };
  await expect(again(apart)).rejects.toThrow(`${rule} apart."A"; ${wayOut}`);
  const { rows } = await green.admin.query(
    `SELECT FROM pg_subscription WHERE subname = 'again' UNION ALL SELECT FROM pontoon.objects WHERE name = 'again'`,
  );
  expect(rows).toEqual([]);
  await green.admin.query('DELETE FROM apart."A"');
  await again(apart);
  await green.admin.query('INSERT INTO apart."A" VALUES (1)');
  await again(apart);
  await lab.drop(green, {
    kind: 'subscription',
    name: 'again',
    publisher: lab.publisher(lab.blue),
    publications: ['forward'],
    slotName: 'again',
  });
  await green.admin.query('DROP SCHEMA apart CASCADE');
});

test('a row may arrive before the one of another part that it refers to', async () => {
  const { blue, green } = lab;
  await green.admin.query('ALTER SUBSCRIPTION forward DISABLE');
  await blue.admin.query('INSERT INTO extra.parents VALUES (1)');
  await blue.admin.query('INSERT INTO extra.children VALUES (1, 1)');
  await until(green.admin, 'SELECT count(*)::int AS found FROM extra.children', 1);
  expect((await green.admin.query('SELECT FROM extra.parents')).rowCount).toBe(0);
  await green.admin.query('ALTER SUBSCRIPTION forward ENABLE');
  await until(green.admin, 'SELECT count(*)::int AS found FROM extra.parents', 1);
});

test('a table that moves to another part is copied again once its rows are gone', async () => {
  const { blue, green } = lab;
  const count = 'SELECT count(*)::int AS found FROM shop.customers';
  await blue.admin.query("INSERT INTO shop.customers (name) VALUES ('a'), ('b')");
  await until(green.admin, count, 2);
  const customers = { schema: 'shop', name: 'customers' };
  const exclude = [ORDERS, CHILDREN, customers];
  await lab.deal({ part: undefined, selection: { schemas: ['shop', 'extra'], exclude } });
  await lab.deal({ part: 'orders', selection: { tables: [ORDERS, customers] } });
  await until(
    green.admin,
    "SELECT least(sync_error_count, 1)::int AS found FROM pg_stat_subscription_stats WHERE subname = 'forward_orders'",
    1,
  );
  await green.admin.query('TRUNCATE shop.customers');
  await lab.copied();
  await until(green.admin, count, 2);
});

test('what would be done shows each part', async () => {
  const services = await lab.services();
  const { actions, gates } = await dryRun({ plan: lab.plan(), owner: 'test' }, services);
  await services.close();
  expect(gates.filter((gate) => gate.status !== 'open')).toEqual([]);
  const disabled = actions.filter(
    ({ step, what }) => step.id === 'stop-forward' && /DISABLE/.test(what),
  );
  expect(disabled.map(({ what }) => what).sort()).toEqual([
    'ALTER SUBSCRIPTION "forward" DISABLE',
    'ALTER SUBSCRIPTION "forward_children" DISABLE',
    'ALTER SUBSCRIPTION "forward_orders" DISABLE',
  ]);
});

test('a cutover that one part does not keep up with is undone', async () => {
  const holder = await lab.green.superuser();
  await holder.query('BEGIN; LOCK TABLE pontoon.canary_orders IN SHARE MODE');
  const services = await lab.services();
  const walk = cutover({ plan: lab.plan({ budgetMs: 6_000 }), owner: 'test' }, services);
  await expect(walk).rejects.toThrow(
    /^'green' must have everything of part 'orders' that was written on 'blue' up to [0-9A-F/]+ within \d\.\d+ s, got slot 'forward_orders' confirmed up to [0-9A-F/]+(, and then no answer)?; look at the lag and at the log of the receiver; everything was taken back, and 'blue' works as before$/,
  );
  await holder.query('ROLLBACK');
  await Promise.all([services.close(), holder.end()]);
});

test('a cutover of all parts, and back, and again, to the end, loses no acknowledged write', async () => {
  const writers = [0, 1, 2, 3].map((client) => new JournalWriter(client, () => lab.application()));
  await untilWritten(writers, 50);
  const plan = lab.plan();
  const back = rollbackOf(plan);
  if (back === undefined) throw new Error('there is a way back');
  const sideBySide: string[] = [];
  for (const one of [plan, back, plan]) {
    const services = await lab.services();
    for (const session of services.sessions.values()) noteSideBySide(session, sideBySide);
    const steps: string[] = [];
    const { result } = await cutover(
      { plan: one, owner: 'test' },
      {
        ...services,
        onEvent: (event) => {
          if (event.kind === 'step') steps.push(event.step.id);
        },
      },
    ).finally(() => services.close());
    expect(result).toBe('opened');
    expect(steps).toEqual(CUTOVER_STEPS.map(({ id }) => id));
    await untilWritten(writers, 50);
  }
  await Promise.all(writers.map((writer) => writer.stop()));
  expect(sideBySide).toEqual([]);
  // Orders and their counters, written together, came by two ways.
  expect(await contradictions(lab.green.admin, writers)).toEqual([]);
  const services = await lab.services();
  const parts = (state: string) =>
    [{}, { part: 'orders' }, { part: 'children' }].map((one) =>
      expect.objectContaining({ ...one, state }),
    );
  expect(await status({ plan }, services)).toMatchObject({
    phase: 'open',
    writer: 'green',
    forward: { state: 'stopped', parts: parts('stopped') },
    reverse: { state: 'carrying', parts: parts('carrying') },
  });
  const { dropped } = await finalize({ plan, owner: 'test' }, services);
  expect(dropped.filter((one) => one.startsWith('slot') || one.startsWith('canary'))).toEqual([
    `slot 'forward' on 'blue'`,
    `slot 'forward_orders' on 'blue'`,
    `slot 'forward_children' on 'blue'`,
    `slot 'backward' on 'green'`,
    `slot 'backward_orders' on 'green'`,
    `slot 'backward_children' on 'green'`,
    `canary 'canary' on 'blue'`,
    `canary 'canary' on 'green'`,
  ]);
  for (const { admin } of [lab.blue, lab.green]) {
    const { rows } = await admin.query(
      `SELECT (SELECT count(*)::int FROM pg_subscription) AS subscriptions, (SELECT count(*)::int FROM pg_publication) AS publications, (SELECT count(*)::int FROM pg_replication_slots) AS slots, (SELECT count(*)::int FROM pg_class WHERE relname ~ '^canary') AS canaries`,
    );
    expect(rows).toEqual([{ subscriptions: 0, publications: 0, slots: 0, canaries: 0 }]);
  }
  expect(await status({ plan }, services)).toMatchObject({ phase: 'finalized', writer: 'green' });
  await services.close();
});

/** Notes in `found` what is sent while the server still works on something else; pg warns of it, and will refuse it. */
function noteSideBySide(session: Client, found: string[]): void {
  const query = session.query.bind(session);
  let asked = 0;
  Object.assign(session, {
    query: async (...args: unknown[]) => {
      if (asked > 0) found.push(JSON.stringify(args[0]).slice(0, 80));
      asked += 1;
      return await Promise.resolve(Reflect.apply(query, session, args)).finally(() => {
        asked -= 1;
      });
    },
  });
}

async function until(client: Client, query: string, found: number): Promise<void> {
  await waitUntil({
    what: query,
    deadlineMs: 60_000,
    probe: async () => {
      const { rows } = await client.query(query);
      return rows[0].found === found
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(rows[0]) };
    },
  });
}
