import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerCloudFormation } from '../../lib/handler/cloudformation';
import { handler } from '../../lib/handler/index';
import { CustomResources } from './custom-resources';

const OLD = { ...process.env };
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

let lab: CustomResources;

beforeAll(async () => {
  lab = await CustomResources.start();
  lab.invoke = async (event) => void (await handler(event, CONTEXT));
  Object.assign(process.env, lab.environment());
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  await lab.send({ spec: { kind: 'ledger' }, type: 'Ledger' });
});
afterAll(async () => {
  jest.restoreAllMocks();
  process.env = OLD;
  await lab.stop();
});

const slot = (name: string) => ({ kind: 'physical-slot', name });

test('cuts a long reason to what CloudFormation takes, and not shorter', async () => {
  const settings = { [`"\\é${'"'.repeat(6000)}`]: '1' };
  const spec = { kind: 'server-settings', name: 'x', settings };
  const body = await lab.body({ spec, type: 'ServerSettings' });
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
  expect(Buffer.byteLength(body)).toBeGreaterThan(2500);
  const { Status, Reason } = JSON.parse(body);
  expect(Status).toBe('FAILED');
  expect(Reason).toMatch(/^'settings' of 'x' must be known to the server, got '"\\é"+…$/);
});

test('throws when the answer is not taken, so that Lambda tries again', async () => {
  const nowhere = lab.responses
    .expect(['gone'])
    .url.replace('X-Amz-Signature=', 'X-Amz-Signature=0');
  await expect(handler(lab.event({ spec: slot('lost') }, nowhere), CONTEXT)).rejects.toThrow(
    `the answer to CloudFormation must be taken, got HTTP 403; check that the function's subnets reach Amazon S3`,
  );
  await lab.send({
    request: 'Delete',
    spec: slot('lost'),
    physicalId: 'a/postgres/physical-slot/lost',
  });
});

test('is in time for a resource whose ServiceTimeout is shorter than the function’s', async () => {
  const other = await lab.pg.client();
  await other.query('BEGIN; SELECT pg_current_xact_id()');
  const spec = { kind: 'logical-slot', name: 'late', plugin: 'pgoutput' };
  const answer = await lab.send({
    spec,
    type: 'LogicalSlot',
    requestId: 'slow',
    serviceTimeout: '24',
  });
  await other.query('ROLLBACK');
  expect(answer).toMatchObject({
    Status: 'FAILED',
    PhysicalResourceId: 'failed/slow',
    Reason:
      "cannot create logical slot 'late' (pgoutput): it must end within the 4 s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again",
  });
  expect(await lab.slots()).toEqual([]);
});

test('answers for work that never ends, and has the Delete look for what it left', async () => {
  const awaited = lab.responses.expect(['endless']);
  const event = lab.event({ requestId: 'endless', serviceTimeout: '11' }, awaited.url);
  const endless = { 'Custom::PontoonPhysicalSlot': () => new Promise<never>(() => undefined) };
  await answerCloudFormation(event, endless, { remainingMs: () => 60_000, log: () => undefined });
  expect(JSON.parse(await awaited.body)).toMatchObject({
    Status: 'FAILED',
    PhysicalResourceId: 'left/endless',
    Reason:
      "the request must be done within 1 s, got no end; check that the function's subnets reach the database, AWS Secrets Manager and the other services that it asks, and deploy again",
  });
});

test.each([
  [[500, 200], undefined],
  [[503, 500], 'the answer to CloudFormation must be taken, got HTTP 500; check that'],
  [[403, 200], 'the answer to CloudFormation must be taken, got HTTP 403; check that'],
])('sends an answer again that got HTTP %j', async (statuses, failure) => {
  const left = [...statuses];
  const bucket = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(left.shift() ?? 200).end());
  });
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
  const { port } = bucket.address() as AddressInfo;
  const event = lab.event(
    { request: 'Delete', physicalId: 'failed/x' },
    `http://127.0.0.1:${port}/`,
  );
  const delivery = handler(event, CONTEXT);
  if (failure === undefined) await delivery;
  else await expect(delivery).rejects.toThrow(failure);
  expect(left).toEqual(statuses[0] === 403 ? [200] : []);
  bucket.closeAllConnections();
  await new Promise((resolve) => bucket.close(resolve));
});
