import { cutover, finalize, lookPastFence, readWayBack, status } from '../../../lib/runner';
import { CutoverLab, type LabServices } from './lab';

let lab: CutoverLab;
let services: LabServices;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  services = await lab.services();
  expect((await cutover({ plan: lab.plan(), owner: 'test' }, services)).result).toBe('opened');
});
afterAll(async () => {
  await services.close();
  await lab.stop();
});

const request = () => ({ plan: lab.plan(), owner: 'test' });
const past = async () => (await status(request(), services)).fenced.map((fence) => fence.past);

test('nobody gets past a fence that stands as it was set', async () => {
  await lab.blue.admin.query('SELECT 1');
  expect(await past()).toEqual([[]]);
  const input = { plan: lab.plan(), connections: lab.connections() };
  expect(await readWayBack(input, services)).toMatchObject({ lost: false, down: false });
});

test('a kept role that may write since is named', async () => {
  await lab.blue.admin.query('GRANT UPDATE (name) ON shop.customers TO reader');
  const who = [`role 'reader', which may write to shop.customers on 'blue', is kept`];
  expect(await past()).toEqual([who]);
  expect(await lookPastFence(request(), services)).toEqual(who);
  await lab.blue.admin.query('REVOKE UPDATE (name) ON shop.customers FROM reader');
  expect(await past()).toEqual([[]]);
});

test('who was let in again, and who uses the login of the runner, is named as long as it stands', async () => {
  await lab.blue.admin.query('GRANT CONNECT ON DATABASE app TO app');
  const session = await lab.blue.session({ application_name: 'a job of theirs' });
  const { rows } = await session.query('SELECT pg_backend_pid() AS pid');
  const who = [
    `role 'app' may connect`,
    `role 'dbadmin' (a job of theirs), process ${rows[0].pid} is connected`,
  ];
  expect(await past()).toEqual([who]);
  expect(await lookPastFence(request(), services)).toEqual(who);
  expect(await finalize(request(), services)).toMatchObject({ already: false, past: who });
  expect(await finalize(request(), services)).toMatchObject({ already: true, past: [] });
  expect(await past()).toEqual([]);
  await session.end();
});

test('the way back is read with the new writer, and is lost once its slot is gone', async () => {
  const input = { plan: lab.plan(), connections: lab.connections() };
  expect(await readWayBack(input, services)).toEqual({
    down: true,
    lost: true,
    lagBytes: 0,
    keptBytes: 0,
  });
  const declared = { ...input, plan: { ...input.plan, reverse: undefined } };
  expect(await readWayBack(declared, services)).toBe(undefined);
});
