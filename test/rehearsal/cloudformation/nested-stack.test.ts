import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemblyOf, custom, PlayedStack } from './played-stack';

let directory: string;
let stack: PlayedStack;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-nested-'));
  stack = new PlayedStack();
});

afterEach(async () => {
  await stack.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A root with a nested stack whose one resource has the given name, and a resource after it. */
function assemblyWith(name: string, version: string) {
  const path = join(directory, `${version}.json`);
  const nested = {
    Parameters: { Name: { Type: 'String' } },
    Resources: {
      Inner: custom({ name: { Ref: 'Name' }, version }),
      Role: { Type: 'AWS::IAM::Role' },
    },
    Outputs: { Id: { Value: { Ref: 'Inner' } } },
  };
  writeFileSync(path, JSON.stringify(nested));
  const TemplateURL = `https://s3.us-east-1.amazonaws.com/assets/${version}.json`;
  const root = {
    Resources: {
      Nested: {
        Type: 'AWS::CloudFormation::Stack',
        Properties: { TemplateURL, Parameters: { Name: name } },
      },
      Outer: custom({ inner: { 'Fn::GetAtt': ['Nested', 'Outputs.Id'] } }),
    },
  };
  const asset = {
    path,
    packaging: 'file' as const,
    bucketName: 'assets',
    objectKey: `${version}.json`,
  };
  return { ...assemblyOf({ App: root }), assets: [asset] };
}

const byName = ({
  ResourceProperties: { name },
}: {
  ResourceProperties: Record<string, unknown>;
}) => (name === undefined ? {} : { PhysicalResourceId: `inner/${name}` });

test('what a nested stack replaced is deleted only when its root is cleaned up', async () => {
  stack.behaviour = byName;
  const cloudformation = await stack.cloudformation();
  expect((await cloudformation.deploy(assemblyWith('one', 'v1'), 'App')).status).toBe(
    'CREATE_COMPLETE',
  );
  const updated = await cloudformation.deploy(assemblyWith('two', 'v2'), 'App');
  expect([updated.status, updated.reason]).toEqual(['UPDATE_COMPLETE', undefined]);
  expect(updated.notPlayed).toEqual({ 'AWS::IAM::Role': ['Nested/Role'] });
  await cloudformation.destroy('App');
  expect(stack.calls()).toEqual([
    'Create Inner',
    'Create Outer',
    'Update Inner inner/one',
    'Update Outer id-Outer',
    'Delete Inner inner/one',
    'Delete Outer id-Outer',
    'Delete Inner inner/two',
  ]);
  expect(cloudformation.stackNames()).toEqual([]);
});

test('a nested stack that was updated is rolled back with its root', async () => {
  stack.behaviour = byName;
  const cloudformation = await stack.cloudformation();
  await cloudformation.deploy(assemblyWith('one', 'v1'), 'App');
  stack.events.length = 0;
  stack.behaviour = (event) =>
    event.ResourceProperties.inner === 'inner/two'
      ? { Status: 'FAILED', Reason: 'no' }
      : byName(event);
  const result = await cloudformation.deploy(assemblyWith('two', 'v2'), 'App');
  expect([result.status, result.reason]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'Outer: no']);
  expect(stack.calls()).toEqual([
    'Update Inner inner/one',
    'Update Outer id-Outer',
    'Update Inner inner/two',
    'Delete Inner inner/two',
    'Update Outer id-Outer',
  ]);
  stack.events.length = 0;
  stack.behaviour = byName;
  expect((await cloudformation.deploy(assemblyWith('one', 'v1'), 'App')).status).toBe(
    'UPDATE_COMPLETE',
  );
  expect(stack.calls()).toEqual([]);
});

test('a nested stack that fails rolls back by itself and takes its root along', async () => {
  stack.behaviour = ({ RequestType, LogicalResourceId }) =>
    RequestType === 'Create' && LogicalResourceId === 'Inner'
      ? { Status: 'FAILED', Reason: 'no such role', PhysicalResourceId: 'failed' }
      : {};
  const cloudformation = await stack.cloudformation();
  const result = await cloudformation.deploy(assemblyWith('one', 'v1'), 'App');
  expect([result.status, result.reason]).toEqual([
    'ROLLBACK_COMPLETE',
    'Nested: nested stack failed: Inner: no such role',
  ]);
  expect(stack.calls()).toEqual(['Create Inner', 'Delete Inner failed']);
  expect(cloudformation.stackNames()).toEqual([]);
});

test('a template that is no asset is refused', async () => {
  const template = {
    Resources: {
      Nested: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'http://x/y' } },
    },
  };
  expect((await stack.deploy(template)).reason).toBe(
    `Nested: 'TemplateURL' of "Nested" must be the URL of an asset, got "http://x/y"`,
  );
});
