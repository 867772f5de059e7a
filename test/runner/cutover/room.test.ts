import type { CutoverPlan } from '../../../lib/postgres';
import { checkCutover, cutover } from '../../../lib/runner';
import { asSuperuser, back, failureOf, OWNER } from '../../faults/walks';
import { CutoverLab, type Side } from './lab';

/** Takes all places for slots but one. */
const FILL = `SELECT pg_create_physical_replication_slot('full_' || i) FROM generate_series(2, current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots)) i`;
const EMPTY = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'full%'`;

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17], {
    parts: { orders: { tables: [{ schema: 'shop', name: 'orders' }] } },
  });
});
afterAll(() => lab.stop());

const FOLLOWS = 'the new writer follows closely';
const WAY_BACK = 'the way back is provisioned';

/** What the gate called `title` says of `plan`. */
const found = async (title: string, plan: CutoverPlan): Promise<string> => {
  await lab.followed();
  const services = await lab.services();
  const checked = checkCutover({ plan, owner: OWNER }, services);
  const said = await failureOf(checked.finally(() => services.close()));
  if (!/^(?:GATES_CLOSED: |nothing failed$)/.test(said)) return said;
  const line = said.split('\n').find((one) => one.startsWith(`- ${title}: `));
  return line === undefined ? 'open' : line.slice(title.length + 4);
};

test('too few slots for all parts at once are found before the fence, by a gate and by a trial', async () => {
  const { green } = lab;
  await asSuperuser(green, FILL);
  const said = await found(WAY_BACK, lab.plan());
  await asSuperuser(green, EMPTY);
  expect(said).toBe(
    "closed, got 1 of 10 replication slots left on 'green', where the way back needs 2; raise max_replication_slots on 'green' to 11 at least, which takes effect when it is restarted, or end what takes a place for nothing",
  );
  expect(await found(WAY_BACK, lab.plan())).toBe('open');

  const steps: string[] = [];
  const services = await lab.services();
  const walk = cutover(
    { plan: lab.plan(), owner: OWNER },
    {
      ...services,
      onEvent: async (event) => {
        if (event.kind !== 'step') return;
        steps.push(event.step.id);
        if (event.step.id === 'prepare') await asSuperuser(green, FILL);
      },
    },
  );
  const failed = await failureOf(walk.finally(() => services.close()));
  await asSuperuser(green, EMPTY);
  expect(failed).toBe(
    `SQL: cannot make slot 2 of 2 on 'green', as the way back will need them at once: the server said "all replication slots are in use" (Free one or increase "max_replication_slots".) [53400]`,
  );
  expect(steps).toEqual(['gates', 'prepare']);
  expect(await asSuperuser(green, 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
});

/** What the gates say while the subscription `name` on `side` belongs to somebody who may not write there. */
const ofAnother = async (side: Side, name: string, says: () => Promise<string>) => {
  await asSuperuser(
    side,
    `CREATE ROLE carrier LOGIN; GRANT pg_create_subscription TO carrier; GRANT CONNECT, CREATE ON DATABASE app TO carrier; ALTER SUBSCRIPTION ${name} OWNER TO carrier`,
  );
  const said = await says();
  await asSuperuser(
    side,
    `ALTER SUBSCRIPTION ${name} OWNER TO dbadmin; DROP OWNED BY carrier; DROP ROLE carrier`,
  );
  return said;
};

const enter = (server: string) =>
  `closed, got no right of 'carrier', whose subscription writes on '${server}', to enter the schema of table "shop"."orders"; GRANT USAGE ON SCHEMA "shop" TO "carrier" on '${server}'`;

test('each part is written with the rights of the owner of its own subscription, in both directions', async () => {
  const { blue, green } = lab;
  const plan = lab.plan();
  expect(await found(FOLLOWS, plan)).toBe('open');
  expect(await ofAnother(green, 'forward_orders', () => found(FOLLOWS, plan))).toBe(enter('green'));
  const services = await lab.services();
  const { result } = await cutover({ plan, owner: OWNER }, services).finally(() =>
    services.close(),
  );
  expect(result).toBe('opened');
  expect(await found(FOLLOWS, back(plan))).toBe('open');
  expect(await found(WAY_BACK, back(plan))).toBe('open');
  expect(await ofAnother(blue, 'backward_orders', () => found(FOLLOWS, back(plan)))).toBe(
    enter('blue'),
  );
  expect(await ofAnother(green, 'forward_orders', () => found(WAY_BACK, back(plan)))).toBe(
    enter('green'),
  );
});

test('too few senders, or workers, are found before the fence', async () => {
  const { blue, green } = lab;
  await blue.server.configure({ max_wal_senders: '1' });
  await green.server.configure({
    max_logical_replication_workers: '1',
    max_worker_processes: '2',
  });
  await Promise.all([blue.server.restart(), green.server.restart()]);
  expect(await found(WAY_BACK, back(lab.plan()))).toBe(
    "closed, got 1 of 1 WAL senders left on 'blue', where the way back needs 2, and 1 of 1 workers of logical replication left on 'green', where the way back needs 2, and 1 of 2 worker processes left on 'green', where the way back needs 2; raise max_wal_senders on 'blue' to 2 at least, raise max_logical_replication_workers on 'green' to 2 at least, raise max_worker_processes on 'green' to 3 at least, which takes effect when it is restarted, or end what takes a place for nothing",
  );
});
