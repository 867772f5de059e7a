import {
  type CutoverPlan,
  compileTableMappings,
  DmsTransformationAction,
  DmsTransformationTarget,
  parseCutover,
} from '../../../lib/postgres';
import { cutover, dryRun, status, verifyRows } from '../../../lib/runner';
import { failureOf } from '../../faults/walks';
import { DmsLab } from './dms-lab';
import type { LabServices } from './lab';

const { RENAME, REMOVE_COLUMN } = DmsTransformationAction;
const { SCHEMA, TABLE, COLUMN } = DmsTransformationTarget;
const TRANSFORMATIONS = [
  { target: SCHEMA, action: RENAME, schema: 'shop', value: 'store' },
  { target: TABLE, action: RENAME, schema: 'shop', table: 'customers', value: 'clients' },
  {
    target: COLUMN,
    action: RENAME,
    schema: 'shop',
    table: 'customers',
    column: 'name',
    value: 'called',
  },
  { target: COLUMN, action: REMOVE_COLUMN, schema: 'shop', table: 'orders', column: 'number' },
];
const BLUE = `CREATE INDEX orders_number ON shop.orders (number);
CREATE INDEX customers_name ON shop.customers (lower(name)) WHERE name <> 'customers';
CREATE INDEX orders_client ON shop.orders (client);
ALTER TABLE shop.orders ADD CONSTRAINT positive CHECK (client > 0);
ALTER TABLE shop.orders ADD CONSTRAINT known FOREIGN KEY (client) REFERENCES shop.counters`;
const GREEN = `${BLUE};
ALTER SCHEMA shop RENAME TO store;
ALTER TABLE store.customers RENAME TO clients;
ALTER TABLE store.clients RENAME COLUMN name TO called;
ALTER INDEX store.customers_name RENAME TO clients_called;
ALTER SEQUENCE store.customers_id_seq RENAME TO clients_id_seq;
ALTER TABLE store.orders DROP COLUMN number`;

let dms: DmsLab;
let services: LabServices;
let plan: CutoverPlan;
beforeAll(async () => {
  const { rules } = compileTableMappings(
    { schemas: ['shop'] },
    { transformations: TRANSFORMATIONS, canary: true },
  );
  dms = await DmsLab.start(
    rules.filter((rule) => rule['rule-type'] === 'transformation'),
    { blue: BLUE, green: GREEN },
  );
  const { skipVerification: _asked, ...rest } = dms.plan({ transformations: TRANSFORMATIONS });
  // As a state machine passes it on.
  const connections = dms.lab.connections();
  const input = { plan: rest, connections, taskArn: 'stand-in' };
  plan = parseCutover(JSON.parse(JSON.stringify(input))).plan;
  plan = { ...plan, limits: { ...plan.limits, budgetMs: 60_000, verificationMs: 20_000 } };
  services = { ...(await dms.lab.services()), connections };
});
afterAll(async () => {
  await services.close();
  await dms.stop();
});

const request = () => ({ plan, owner: 'test' });
const gates = async () =>
  (await status(request(), { ...services, task: dms.task() })).gates.filter(
    ({ id }) => id === 'schemas' || id === 'sequences' || id === 'foreign-writes',
  );
const found = async (id: string) => (await gates()).find((gate) => gate.id === id);

test('what the target calls otherwise is found, and what cannot be compared is said', async () => {
  expect((await gates()).map(({ id, status: is, found: said }) => [id, is, said])).toEqual([
    [
      'schemas',
      'open',
      'as it must be, without what goes with a column that is left out: index shop.orders_number',
    ],
    ['sequences', 'open', 'as it must be'],
    ['foreign-writes', 'open', 'as it must be'],
  ]);
});

test('what differs under other names keeps the gates closed', async () => {
  const { admin } = dms.lab.green;
  await admin.query(
    `DROP INDEX store.orders_client, store.clients_called;
     CREATE INDEX clients_called ON store.clients (upper(called)) WHERE called <> 'customers';
     ALTER TABLE store.counters ALTER written TYPE bigint;
     ALTER SEQUENCE store.invoice RENAME TO invoices;
     GRANT INSERT ON store.clients TO reader`,
  );
  const said = String((await found('schemas'))?.found);
  expect(said.slice(`on 'green': `.length).split('; ').sort()).toEqual([
    'column store.counters.written is "bigint NOT NULL" instead of "integer NOT NULL"',
    'index shop.customers_name is missing',
    'index shop.orders_client is missing',
    'index store.clients_called is there only',
    'sequence shop.invoice is missing, as "store"."invoice"',
  ]);
  expect((await found('sequences'))?.found).toBe(
    `no right to set "store"."invoice" on 'green', or no such sequence`,
  );
  expect((await found('foreign-writes'))?.found).toBe(
    `role 'reader', which is kept, may write to store.clients on 'green'`,
  );
  await admin.query(
    `DROP INDEX store.clients_called;
     CREATE INDEX clients_called ON store.clients (lower(called)) WHERE called <> 'customers';
     CREATE INDEX orders_client ON store.orders (client);
     ALTER TABLE store.counters ALTER written TYPE int;
     ALTER SEQUENCE store.invoices RENAME TO invoice;
     REVOKE INSERT ON store.clients FROM reader`,
  );
});

test('what cannot be compared is unchecked, and as good as closed', async () => {
  const { blue, green } = dms.lab;
  // A type and a column of one name: the text does not tell which of the two is meant.
  await blue.admin.query(`ALTER TABLE shop.customers ADD CONSTRAINT told CHECK (name::name <> '')`);
  await green.admin.query(
    `ALTER TABLE store.clients ADD CONSTRAINT told CHECK (called::name <> '')`,
  );
  expect(await found('schemas')).toMatchObject({
    status: 'unchecked',
    found: 'texts in which names cannot be told apart, of constraint shop.customers.told',
    wayOut:
      'look at each on both servers; drop it there until the cutover has ended, or rename what shares a name with what is renamed',
  });
  // The right to walk ends with the sessions.
  const walk = await dms.lab.services();
  expect(await failureOf(cutover(request(), { ...walk, task: dms.task() }))).toBe(
    `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:
- the schemas are the same on both servers: unchecked, got texts in which names cannot be told apart, of constraint shop.customers.told; look at each on both servers; drop it there until the cutover has ended, or rename what shares a name with what is renamed
- every selected table was compared, and is the same: closed, got nothing compared yet; compare them, or look at the rows that differ`,
  );
  await walk.close();
  await blue.admin.query('ALTER TABLE shop.customers DROP CONSTRAINT told');
  await green.admin.query('ALTER TABLE store.clients DROP CONSTRAINT told');
});

test('a migration that renames and leaves out is walked to the end', async () => {
  const { blue, green } = dms.lab;
  await blue.admin.query(
    `INSERT INTO shop.counters SELECT n, n FROM generate_series(1, 20) n;
     INSERT INTO shop.customers (name) SELECT 'customer ' || n FROM generate_series(1, 50) n;
     INSERT INTO shop.orders (client, number) SELECT n % 20 + 1, n FROM generate_series(1, 30) n;
     SELECT nextval('shop.invoice'), nextval('shop.invoice')`,
  );
  await dms.arrived('SELECT FROM store.orders WHERE id = 30');
  expect(await verifyRows(request(), services)).toEqual({
    same: 3,
    differs: [],
    unchecked: [],
    left: 0,
  });
  const { actions } = await dryRun(request(), { ...services, task: dms.task() });
  expect(actions.map(({ what }) => what).join('\n')).toContain('"store"."clients_id_seq"');
  await green.admin.query(`UPDATE store.clients SET called = 'another' WHERE id = 7`);
  expect(await failureOf(cutover(request(), { ...services, task: dms.task() }))).toBe(
    `UNDONE: every compared table must be the same on 'blue' and 'green', got "shop"."customers" (the 50 rows do not have the same contents); find out who wrote to 'green'; everything was taken back, and 'blue' works as before`,
  );
  await green.admin.query(`UPDATE store.clients SET called = 'customer 7' WHERE id = 7`);
  const notes: string[] = [];
  const { result } = await cutover(request(), {
    ...services,
    task: dms.task(),
    onEvent: (event) => {
      if (event.kind === 'note') notes.push(event.text);
    },
  });
  expect(result).toBe('opened');
  expect(notes).toEqual(
    expect.arrayContaining([
      '3 sequences',
      '3 of 3 tables compared',
      'no way back, as was declared',
    ]),
  );
  const margin = plan.limits.sequenceMargin;
  const { rows } = await green.admin.query(
    `SELECT nextval('store.clients_id_seq')::int AS client, nextval('store.orders_id_seq')::int AS "order", nextval('store.invoice')::int AS invoice`,
  );
  expect(rows).toEqual([{ client: 51 + margin, order: 31 + margin, invoice: -3 - margin }]);
});
