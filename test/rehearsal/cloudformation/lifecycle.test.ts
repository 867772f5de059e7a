// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of Fn::Sub hold placeholders
import { custom, PlayedStack } from './played-stack';

let stack: PlayedStack;

beforeEach(() => {
  stack = new PlayedStack();
});

afterEach(async () => {
  await stack.close();
});

test('a Create event has every scalar as a string and the resource its answer', async () => {
  stack.behaviour = () => ({
    PhysicalResourceId: 'thing/1',
    Data: { Address: '10.0.0.1', Port: 5432 },
  });
  const result = await stack.deploy({
    Resources: {
      Thing: custom({ ServiceTimeout: 30, on: true, list: [1, { off: false }], text: 'x' }),
    },
    Outputs: {
      Id: { Value: { Ref: 'Thing' } },
      Address: {
        Value: { 'Fn::Sub': '${Thing.Address}:${Thing.Port}' },
        Export: { Name: 'address' },
      },
    },
  });
  expect([result.status, result.reason]).toEqual(['CREATE_COMPLETE', undefined]);
  expect(result.outputs).toEqual({ Id: 'thing/1', Address: '10.0.0.1:5432' });
  const [event] = stack.events;
  expect(event).toEqual({
    RequestType: 'Create',
    ServiceToken: 'arn:function',
    ResponseURL: expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+\/arn%3Aaws%3Acloudformation%3A[^?]+%7CThing%7C[^?]+\?X-Amz-Algorithm=AWS4-HMAC-SHA256&.*X-Amz-Signature=[0-9a-f]{64}$/,
    ),
    StackId:
      'arn:aws:cloudformation:us-east-1:111111111111:stack/App/00000000-0000-4000-8000-000000000000',
    RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    LogicalResourceId: 'Thing',
    ResourceType: 'Custom::Thing',
    ResourceProperties: {
      ServiceToken: 'arn:function',
      ServiceTimeout: '30',
      on: 'true',
      list: ['1', { off: 'false' }],
      text: 'x',
    },
  });
});

test('an update sends old and new properties, and only to what changed', async () => {
  await stack.deploy({ Resources: { A: custom({ size: 1 }), B: custom({ a: { Ref: 'A' } }) } });
  stack.events.length = 0;
  const result = await stack.deploy({
    Resources: { A: custom({ size: 2 }), B: custom({ a: { Ref: 'A' } }) },
  });
  expect(result.status).toBe('UPDATE_COMPLETE');
  expect(stack.calls()).toEqual(['Update A id-A']);
  expect(stack.events[0]?.ResourceProperties.size).toBe('2');
  expect(stack.events[0]?.OldResourceProperties).toEqual({
    ServiceToken: 'arn:function',
    size: '1',
  });
});

test('a replacement is deleted in the clean-up, after what depends on it was updated', async () => {
  stack.behaviour = ({ ResourceProperties: { name } }) =>
    name === undefined ? {} : { PhysicalResourceId: `thing/${name}` };
  const template = (name: string) => ({
    Resources: { A: custom({ name }), B: custom({ a: { Ref: 'A' } }) },
  });
  await stack.deploy(template('one'));
  stack.events.length = 0;
  expect((await stack.deploy(template('two'))).status).toBe('UPDATE_COMPLETE');
  expect(stack.calls()).toEqual(['Update A thing/one', 'Update B id-B', 'Delete A thing/one']);
  expect(stack.events[2]?.ResourceProperties.name).toBe('one');
});

test('a removed resource is deleted in the clean-up; a delete runs in reverse order', async () => {
  await stack.deploy({
    Resources: { A: custom(), B: custom({ a: { Ref: 'A' } }), C: custom({}, { DependsOn: 'B' }) },
  });
  await stack.deploy({ Resources: { A: custom(), C: custom({}, { DependsOn: 'A' }) } });
  const result = await (await stack.cloudformation()).destroy('App');
  expect(result.status).toBe('DELETE_COMPLETE');
  expect(stack.calls()).toEqual([
    'Create A',
    'Create B',
    'Create C',
    'Delete B id-B',
    'Delete C id-C',
    'Delete A id-A',
  ]);
});

test('a failed Create is rolled back in reverse order, the failed one included', async () => {
  stack.behaviour = ({ RequestType, LogicalResourceId }) =>
    RequestType === 'Create' && LogicalResourceId === 'C'
      ? { Status: 'FAILED', Reason: 'role "x" does not exist', PhysicalResourceId: 'failed/C' }
      : {};
  const result = await stack.deploy({
    Resources: {
      A: custom(),
      B: custom({}, { DependsOn: 'A' }),
      C: custom({}, { DependsOn: 'B' }),
      D: custom({}, { DependsOn: 'C' }),
    },
  });
  expect([result.status, result.reason]).toEqual([
    'ROLLBACK_COMPLETE',
    'C: role "x" does not exist',
  ]);
  expect(stack.calls()).toEqual([
    'Create A',
    'Create B',
    'Create C',
    'Delete C failed/C',
    'Delete B id-B',
    'Delete A id-A',
  ]);
  expect((await stack.cloudformation()).stackNames()).toEqual([]);
});

test('a failed Create without a physical id leaves nothing to delete', async () => {
  stack.behaviour = () => ({ Status: 'FAILED', Reason: 'no', PhysicalResourceId: undefined });
  const result = await stack.deploy({ Resources: { A: custom() } });
  expect([result.status, result.reason, stack.calls()]).toEqual([
    'ROLLBACK_COMPLETE',
    'A: no',
    ['Create A'],
  ]);
});

test('a failed update is rolled back with the old properties; what it made is deleted', async () => {
  await stack.deploy({ Resources: { A: custom({ size: 1 }), C: custom({ size: 1 }) } });
  stack.events.length = 0;
  stack.behaviour = ({ RequestType, LogicalResourceId, ResourceProperties: { size } }) =>
    RequestType === 'Update' && LogicalResourceId === 'C' && size === '2'
      ? { Status: 'FAILED', Reason: 'too big' }
      : {};
  const result = await stack.deploy({
    Resources: {
      A: custom({ size: 2 }),
      B: custom({}, { DependsOn: 'A' }),
      C: custom({ size: 2 }, { DependsOn: 'B' }),
    },
  });
  expect([result.status, result.reason]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'C: too big']);
  expect(stack.calls()).toEqual([
    'Update A id-A',
    'Create B',
    'Update C id-C',
    'Update A id-A',
    'Update C id-C',
    'Delete B id-B',
  ]);
  expect(stack.events.slice(3, 5).map((event) => event.ResourceProperties.size)).toEqual([
    '1',
    '1',
  ]);
  expect(stack.events.slice(3, 5).map((event) => event.OldResourceProperties?.size)).toEqual([
    '2',
    '2',
  ]);
  stack.events.length = 0;
  await stack.deploy({ Resources: { A: custom({ size: 1 }), C: custom({ size: 1 }) } });
  expect(stack.calls()).toEqual([]);
});

test('a replacement that is rolled back goes back to the old id and deletes the new one', async () => {
  stack.behaviour = ({ LogicalResourceId, ResourceProperties: { name, x } }) => {
    if (LogicalResourceId === 'A') return { PhysicalResourceId: `thing/${name}` };
    return x === 'thing/two' ? { Status: 'FAILED', Reason: 'no' } : {};
  };
  const template = (name: string) => ({
    Resources: { A: custom({ name }), B: custom({ x: { Ref: 'A' } }) },
  });
  await stack.deploy(template('one'));
  stack.events.length = 0;
  const result = await stack.deploy(template('two'));
  expect([result.status, result.reason]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'B: no']);
  expect(stack.calls()).toEqual([
    'Update A thing/one',
    'Update B id-B',
    'Update A thing/two',
    'Update B id-B',
    'Delete A thing/two',
  ]);
});

test('a rollback that fails deletes nothing', async () => {
  stack.behaviour = ({ RequestType, LogicalResourceId, ResourceProperties: { name } }) => {
    if (LogicalResourceId === 'A') return { PhysicalResourceId: `thing/${name}` };
    return RequestType === 'Update' ? { Status: 'FAILED', Reason: 'no' } : {};
  };
  const template = (name: string) => ({
    Resources: { A: custom({ name }), B: custom({ x: { Ref: 'A' } }) },
  });
  await stack.deploy(template('one'));
  const result = await stack.deploy(template('two'));
  expect([result.status, result.reason]).toEqual(['UPDATE_ROLLBACK_FAILED', 'B: no; B: no']);
  expect(result.leftBehind).toEqual([
    {
      logicalId: 'A',
      type: 'Custom::Thing',
      physicalId: 'thing/two',
      reason: 'not deleted, since the rollback failed',
    },
  ]);
});

test('a failed Delete keeps the stack and what the resource depends on, and can be tried again', async () => {
  await stack.deploy({
    Resources: { A: custom(), B: custom({}, { DependsOn: 'A' }), C: custom() },
  });
  stack.events.length = 0;
  stack.behaviour = ({ LogicalResourceId }) =>
    LogicalResourceId === 'B' ? { Status: 'FAILED', Reason: 'in use' } : {};
  const cloudformation = await stack.cloudformation();
  const result = await cloudformation.destroy('App');
  expect([result.status, result.reason]).toEqual([
    'DELETE_FAILED',
    'B: in use; A: what depends on it could not be deleted',
  ]);
  expect(result.leftBehind).toEqual([
    { logicalId: 'B', type: 'Custom::Thing', physicalId: 'id-B', reason: 'in use' },
    {
      logicalId: 'A',
      type: 'Custom::Thing',
      physicalId: 'id-A',
      reason: 'what depends on it could not be deleted',
    },
  ]);
  stack.behaviour = () => ({});
  expect((await cloudformation.destroy('App')).status).toBe('DELETE_COMPLETE');
  expect(stack.calls()).toEqual([
    'Delete C id-C',
    'Delete B id-B',
    'Delete B id-B',
    'Delete A id-A',
  ]);
});

test('what is retained is left behind, and said so', async () => {
  const Retain = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
  stack.behaviour = ({ ResourceProperties: { name } }) => ({ PhysicalResourceId: `thing/${name}` });
  await stack.deploy({ Resources: { A: custom({ name: 'one' }, Retain) } });
  const updated = await stack.deploy({ Resources: { A: custom({ name: 'two' }, Retain) } });
  const left = { logicalId: 'A', type: 'Custom::Thing', reason: 'retained by its deletion policy' };
  expect(updated.leftBehind).toEqual([{ ...left, physicalId: 'thing/one' }]);
  const deleted = await (await stack.cloudformation()).destroy('App');
  expect([deleted.status, deleted.leftBehind]).toEqual([
    'DELETE_COMPLETE',
    [{ ...left, physicalId: 'thing/two' }],
  ]);
  expect(stack.calls()).toEqual(['Create A', 'Update A thing/one']);
});
