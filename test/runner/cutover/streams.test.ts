import { type CutoverPlan, rollbackOf, type SecretStore } from '../../../lib/postgres';
import { checkCutover, cutover, status, verifyRows, waitUntil } from '../../../lib/runner';
import { failureOf } from '../../faults/walks';
import { CutoverLab, type LabServices } from './lab';

let lab: CutoverLab;
let plan: CutoverPlan;
let services: LabServices;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17], { compares: true });
  plan = lab.plan({ verificationMs: 0 });
});
afterAll(() => lab.stop());
beforeEach(async () => {
  services = await lab.services();
});
afterEach(() => services.close());

const request = () => ({ plan, owner: 'test' });
const found = async (): Promise<unknown> =>
  (await status(request(), services)).gates.find(({ id }) => id === 'rows')?.found;

test('a comparison counts as long as the slot is the one that it was', async () => {
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  await lab.green.admin.query('ALTER SUBSCRIPTION forward DISABLE');
  await readBy(false);
  await lab.green.admin.query('ALTER SUBSCRIPTION forward ENABLE');
  await write(1);
  expect(await found()).toBe('as it must be');
});

test('a slot that is made anew while rows are compared voids them', async () => {
  await write(20);
  await followed();
  expect(await failureOf(compareWhile(() => renew(0)))).toBe(
    `NO_STREAM: 'green' must follow 'blue' without a break while rows are compared, got another stream, conflicts, or another comparison that began a stream anew; look for who did so, and compare them again`,
  );
  expect(await found()).toBe('nothing compared yet');
});

test('a comparison that is forgotten meanwhile says so, and not that all is the same', async () => {
  expect(await failureOf(compareWhile(forget))).toBe(
    `FORGOTTEN: the comparison of 'shop' must be the only one, and end before a cutover opens, got one that was forgotten on 'green' meanwhile; see what else runs, and compare the rows again`,
  );
  expect(await found()).toBe('nothing compared yet');
});

test('a slot that was made anew is noticed by its count of transactions', async () => {
  await write(20);
  await followed();
  await forget();
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  await renew();
  expect(await found()).toBe(
    'a comparison of a stream that has ended, had conflicts since, or cannot be told from a later one after a crash',
  );
});

test('a slot that was made anew is noticed for good where the runner may mark it', async () => {
  const superuser = await lab.blue.superuser();
  await superuser.query(
    'GRANT EXECUTE ON FUNCTION pg_stat_reset_replication_slot(text) TO dbadmin',
  );
  await superuser.end();
  await empty();
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  await write(1);
  await followed();
  expect(await found()).toBe('as it must be');

  await renew();
  await write(20);
  await followed();
  expect(await found()).toBe(
    'a comparison of a stream that has ended, had conflicts since, or cannot be told from a later one after a crash',
  );
});

test('of two comparisons at once, the one whose stream the other began anew says so', async () => {
  await empty();
  const other = await lab.services();
  const whole = async (): Promise<void> => {
    await forget();
    expect(await verifyRows(request(), other)).toMatchObject({ same: 3 });
  };
  expect(await failureOf(compareWhile(whole))).toBe(
    `NO_STREAM: 'green' must follow 'blue' without a break while rows are compared, got another stream, conflicts, or another comparison that began a stream anew; look for who did so, and compare them again`,
  );
  await other.close();
  // What the other found still counts.
  expect(await found()).toBe('as it must be');
});

test('it says that a transaction may have been skipped, since an error looks like a connection that broke', async () => {
  await empty();
  await followed();
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  await lab.green.admin.query(`INSERT INTO shop.counters VALUES (7, 0)`);
  await lab.blue.admin.query(`INSERT INTO shop.counters VALUES (7, 1)`);
  await subscriptionIs('apply_error_count > 0');
  const superuser = await lab.green.superuser();
  await superuser.query('ALTER SUBSCRIPTION forward DISABLE');
  await subscriptionIs('pid IS NULL');
  const { rows } = await lab.blue.admin.query('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  await superuser.query(
    `SELECT pg_replication_origin_advance('pg_' || oid, $1) FROM pg_subscription WHERE subname = 'forward'`,
    [rows[0].lsn],
  );
  await superuser.query('ALTER SUBSCRIPTION forward ENABLE');
  await superuser.end();
  await readBy(true);
  const said =
    "as it must be, but the stream has met an error since the rows were compared, such as a connection that broke: if anybody got it past one by skipping a transaction, have 'green' forget them by DELETE FROM pontoon.verification, and compare all rows again";
  expect(await found()).toBe(said);
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  expect(await found()).toBe(said);
  await lab.green.admin.query('DELETE FROM pontoon.verification');
  expect(await verifyRows(request(), services)).toMatchObject({
    differs: [expect.stringMatching(/^"shop"."counters": /)],
  });
  for (const side of [lab.green, lab.blue])
    await side.admin.query('DELETE FROM shop.counters WHERE client = 7');
  await followed();
});

test('a comparison counts for one cutover only', async () => {
  await empty();
  await verifyRows(request(), services);
  expect((await cutover(request(), services)).result).toBe('opened');
  const back = rollbackOf(plan);
  if (back === undefined) throw new Error('there is a way back');
  expect(
    (await cutover({ plan: { ...back, skipVerification: true }, owner: 'test' }, services)).result,
  ).toBe('opened');
  expect(await failureOf(checkCutover(request(), services))).toBe(
    `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:
- every selected table was compared, and is the same: closed, got nothing compared yet; compare them, or look at the rows that differ`,
  );
});

/** Compares, and does `what` once after it has begun. */
async function compareWhile(what: () => Promise<void>): Promise<unknown> {
  let done: Promise<void> | undefined;
  const secrets: SecretStore = {
    get: async (reference, options) => {
      done ??= what();
      await done;
      return await services.secrets.get(reference, options);
    },
  };
  return await verifyRows(request(), { ...services, secrets });
}

async function forget(): Promise<void> {
  await lab.green.admin.query('DELETE FROM pontoon.verification');
}

/** Whatever a slot has lost is gone. */
async function empty(): Promise<void> {
  for (const side of [lab.green, lab.blue]) await side.admin.query('TRUNCATE shop.customers');
}

/** Each row is a transaction. */
async function write(rows: number): Promise<void> {
  for (let row = 0; row < rows; row += 1)
    await lab.blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('somebody')`);
}

/** Loses the slot and `rows` with it, and makes another of its name. */
async function renew(rows = 1): Promise<void> {
  await lab.green.admin.query('ALTER SUBSCRIPTION forward DISABLE');
  await readBy(false);
  await lab.blue.admin.query(`SELECT pg_drop_replication_slot('forward')`);
  await write(rows);
  await lab.blue.admin.query(`SELECT pg_create_logical_replication_slot('forward', 'pgoutput')`);
  await lab.green.admin.query('ALTER SUBSCRIPTION forward ENABLE');
  await readBy(true);
}

/** Waits until `condition` holds for the subscription. */
async function subscriptionIs(condition: string): Promise<void> {
  await waitUntil({
    what: `the subscription must be: ${condition}`,
    deadlineMs: 60_000,
    intervalMs: 10,
    probe: async () => {
      const { rows } = await lab.green.admin.query(
        `SELECT ${condition} AS done FROM pg_stat_subscription_stats JOIN pg_stat_subscription s USING (subid) WHERE s.subname = 'forward'`,
      );
      return rows[0]?.done === true
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(rows) };
    },
  });
}

async function readBy(active: boolean): Promise<void> {
  await waitUntil({
    what: `slot 'forward' must ${active ? '' : 'not '}be read`,
    deadlineMs: 60_000,
    intervalMs: 10,
    probe: async () => {
      const { rows } = await lab.blue.admin.query(
        `SELECT active FROM pg_replication_slots WHERE slot_name = 'forward'`,
      );
      return rows[0]?.active === active
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(rows) };
    },
  });
}

async function followed(): Promise<void> {
  const { rows } = await lab.blue.admin.query('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  await waitUntil({
    what: 'the slot must have confirmed everything',
    deadlineMs: 60_000,
    probe: async () => {
      const { rows: slots } = await lab.blue.admin.query(
        `SELECT confirmed_flush_lsn >= $1::pg_lsn AS there FROM pg_replication_slots WHERE slot_name = 'forward'`,
        [rows[0].lsn],
      );
      return slots[0]?.there === true
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(slots) };
    },
  });
}
