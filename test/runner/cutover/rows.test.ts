import type { CutoverPlan } from '../../../lib/postgres';
import { type CutoverServices, cutover, status, verifyRows } from '../../../lib/runner';
import { CutoverLab } from './lab';

let lab: CutoverLab;
let plan: CutoverPlan;
let services: CutoverServices & { close(): Promise<void> };
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  const { skipVerification: _skipped, ...asked } = lab.plan({ verificationMs: 5_000 });
  plan = asked;
  await lab.blue.admin.query(
    `INSERT INTO shop.customers (name) SELECT 'customer ' || n FROM generate_series(1, 500) n`,
  );
  services = { ...(await lab.services()), connections: lab.connections() };
});
afterAll(async () => {
  await services.close();
  await lab.stop();
});

const request = () => ({ plan, owner: 'test' });
const gate = async (): Promise<unknown> =>
  (await status(request(), services)).gates.find(({ id }) => id === 'rows');

test('a cutover waits until every selected table was compared since the stream began', async () => {
  expect(await gate()).toEqual({
    id: 'rows',
    title: 'every selected table was compared, and is the same',
    status: 'closed',
    found: 'nothing compared yet',
    wayOut: 'compare them, or look at the rows that differ',
  });
  expect(await verifyRows(request(), services)).toEqual({
    same: 3,
    differs: [],
    unchecked: [],
    left: 0,
  });
  expect(await gate()).toMatchObject({ status: 'open' });

  await lab.green.admin.query(`UPDATE shop.customers SET name = 'another' WHERE id = 7`);
  // What was the same is not compared again, so that only the final comparison sees it.
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  expect(
    await cutover(request(), services).catch(({ code, message }) => ({ code, message })),
  ).toEqual({
    code: 'UNDONE',
    message: `every compared table must be the same on 'blue' and 'green', got "shop"."customers" (the 500 rows do not have the same contents); find out who wrote to 'green'; everything was taken back, and 'blue' works as before`,
  });

  await lab.blue.admin.query('CREATE TABLE shop.late (id int PRIMARY KEY)');
  await lab.green.admin.query('CREATE TABLE shop.late (id int PRIMARY KEY)');
  expect(await gate()).toMatchObject({ status: 'closed', found: '"shop"."late" not compared yet' });
});

test('what differs keeps the gate closed', async () => {
  await lab.green.admin.query('DELETE FROM pontoon.verification');
  await lab.blue.admin.query('DROP TABLE shop.late');
  await lab.green.admin.query('DROP TABLE shop.late');
  const { same, differs } = await verifyRows(request(), services);
  expect({ same, differs }).toEqual({
    same: 2,
    differs: [expect.stringMatching(/^"shop"."customers": /)],
  });
  expect(await gate()).toMatchObject({
    status: 'closed',
    found: expect.stringMatching(/^"shop"."customers" differs \(/),
  });
});

test('a comparison that gets no further ends, and does not go on for ever', async () => {
  for (const { admin } of [lab.blue, lab.green])
    await admin.query('CREATE TABLE shop.keyless (note text)');
  const locked = await lab.green.superuser();
  await locked.query('BEGIN; LOCK TABLE shop.keyless IN ACCESS EXCLUSIVE MODE');
  const compare = (budgetMs: number) => verifyRows(request(), services, { budgetMs });
  await lab.green.admin.query('DELETE FROM pontoon.verification');
  await lab.green.admin.query(
    `UPDATE shop.customers SET name = 'customer ' || id WHERE name = 'another'`,
  );
  try {
    expect(await compare(2_000)).toMatchObject({ differs: [], left: 1 });
    await expect(compare(2_000)).rejects.toMatchObject({
      code: 'NO_PROGRESS',
      message: `a table, or a range of its key, must be compared within 2 s, got nothing of "shop"."keyless" in two tries; what has no key by which both servers sort alike is compared in one go: compare where nothing limits the time, by pontoon cutover --compare`,
    });
  } finally {
    await locked.end();
  }
  expect(await compare(60_000)).toMatchObject({ same: 4, left: 0 });
  for (const { admin } of [lab.blue, lab.green]) await admin.query('DROP TABLE shop.keyless');
});

test('the final comparison takes no longer than it may, also where nothing is compared in that time', async () => {
  await lab.green.admin.query('DELETE FROM pontoon.verification');
  expect(await verifyRows(request(), services)).toMatchObject({ same: 3 });
  const hasty = { ...plan, limits: { ...plan.limits, verificationMs: 1 } };
  expect(await cutover({ plan: hasty, owner: 'test' }, services)).toMatchObject({
    result: 'opened',
    compared: { tables: 0, of: 3 },
  });
});
