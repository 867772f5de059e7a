import { ResourceFailure, type ResourcePlayers } from '../../../lib/rehearsal/cloudformation';
import { assemblyOf, custom, PlayedStack } from './played-stack';

let stack: PlayedStack | undefined;

afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

function play(options: ConstructorParameters<typeof PlayedStack>[0] = {}): PlayedStack {
  stack = new PlayedStack(options);
  return stack;
}

test('what nothing plays is listed by type, its properties not evaluated', async () => {
  const result = await play().deploy({
    Resources: {
      One: { Type: 'AWS::IAM::Role', Properties: { x: { 'Fn::GetAtt': ['Two', 'Arn'] } } },
      Two: { Type: 'AWS::IAM::Role' },
      Three: { Type: 'AWS::EC2::VPC' },
      Four: custom(),
    },
  });
  expect([result.status, result.notPlayed]).toEqual([
    'CREATE_COMPLETE',
    { 'AWS::IAM::Role': ['Two', 'One'], 'AWS::EC2::VPC': ['Three'] },
  ]);
});

test('a value that nobody gives fails the resource and is named', async () => {
  const result = await play({
    attributes: (_id, type, attribute) =>
      type === 'A::B::C' && attribute === 'Ref' ? 'c' : undefined,
  }).deploy({
    Resources: {
      Given: { Type: 'A::B::C' },
      Host: { Type: 'AWS::RDS::DBCluster' },
      A: custom({ given: { Ref: 'Given' }, host: { 'Fn::GetAtt': ['Host', 'Endpoint.Address'] } }),
    },
  });
  expect([result.status, result.reason]).toEqual([
    'ROLLBACK_COMPLETE',
    `A: stack "App": 'Resources.A.Properties.host.Fn::GetAtt' requires attribute "Endpoint.Address" of "Host" (AWS::RDS::DBCluster), got no value; play the resource or give it in 'attributes'`,
  ]);
});

test('an attribute that the function did not answer is an error even if a table has it', async () => {
  const result = await play({ attributes: () => 'from the table' }).deploy({
    Resources: { A: custom(), B: custom({ x: { 'Fn::GetAtt': ['A', 'Missing'] } }) },
  });
  expect(result.reason).toBe(
    `B: stack "App": 'Resources.B.Properties.x.Fn::GetAtt' requires attribute "Missing" of "A" (Custom::Thing), got no value; play the resource or give it in 'attributes'`,
  );
});

test('a template that cannot be played throws before anything is called', async () => {
  const played = play();
  await expect(
    played.deploy({ Resources: { A: custom(), B: custom({ x: { 'Fn::Foo': [] } }) } }),
  ).rejects.toThrow(
    `stack "App": 'Resources.B.Properties.x' cannot use Fn::Foo, an unknown intrinsic`,
  );
  expect(played.calls()).toEqual([]);
  expect((await played.cloudformation()).stackNames()).toEqual([]);
});

test('players make, update, replace and delete their resources', async () => {
  const log: string[] = [];
  const players: ResourcePlayers = {
    'X::In::Place': {
      create: async ({ logicalId }) => ({ physicalId: logicalId, attributes: { Arn: 'arn:1' } }),
      update: async ({ properties }, { physicalId }) => {
        log.push(`update ${physicalId} ${JSON.stringify(properties)}`);
        return { physicalId, attributes: { Arn: 'arn:2' } };
      },
      delete: async (_request, { physicalId }) => void log.push(`delete ${physicalId}`),
    },
    'X::By::Replacement': {
      uses: ['Name'],
      create: async ({ properties }) => ({
        physicalId: String(properties.Name),
        reference: `ref-${properties.Name}`,
        attributes: {},
      }),
      delete: async (_request, { physicalId }) => void log.push(`delete ${physicalId}`),
    },
  };
  const template = (name: string) => ({
    Resources: {
      Kept: { Type: 'X::In::Place', Properties: { name } },
      New: { Type: 'X::By::Replacement', Properties: { Name: name, Unused: { Ref: 'Kept' } } },
    },
    Outputs: {
      Arn: { Value: { 'Fn::GetAtt': ['Kept', 'Arn'] } },
      Ref: { Value: { Ref: 'New' } },
    },
  });
  const played = play({ players });
  expect((await played.deploy(template('one'))).outputs).toEqual({ Arn: 'arn:1', Ref: 'ref-one' });
  expect((await played.deploy(template('two'))).outputs).toEqual({ Arn: 'arn:2', Ref: 'ref-two' });
  await (await played.cloudformation()).destroy('App');
  expect(log).toEqual(['update Kept {"name":"two"}', 'delete one', 'delete two', 'delete Kept']);
});

test('a player that fails can leave something that the rollback deletes', async () => {
  const log: string[] = [];
  const players: ResourcePlayers = {
    'X::Half::Made': {
      create: async () => {
        throw new ResourceFailure('disk full', 'half');
      },
      delete: async (_request, { physicalId }) => void log.push(physicalId),
    },
  };
  const result = await play({ players }).deploy({ Resources: { A: { Type: 'X::Half::Made' } } });
  expect([result.status, result.reason, log]).toEqual([
    'ROLLBACK_COMPLETE',
    'A: disk full',
    ['half'],
  ]);
});

test('a replacement by a player is undone without a call: the old resource is still there', async () => {
  const log: string[] = [];
  const players: ResourcePlayers = {
    'X::By::Replacement': {
      create: async ({ properties }) => ({ physicalId: String(properties.Name), attributes: {} }),
      delete: async (_request, { physicalId }) => void log.push(physicalId),
    },
  };
  const template = (name: string) => ({
    Resources: {
      New: { Type: 'X::By::Replacement', Properties: { Name: name } },
      Z: custom({ name: { Ref: 'New' } }),
    },
  });
  const played = play({ players });
  await played.deploy(template('one'));
  played.behaviour = ({ ResourceProperties: { name } }) =>
    name === 'two' ? { Status: 'FAILED', Reason: 'no' } : {};
  expect((await played.deploy(template('two'))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(log).toEqual(['two']);
  const resources = (await played.cloudformation()).resources('App');
  expect(resources?.get('New')?.outcome?.physicalId).toBe('one');
});

test.each<[string, object, string]>([
  [
    'the ServiceToken',
    custom({ ServiceToken: 'arn:other' }),
    `A: 'ServiceToken' of "A" cannot be changed, since CloudFormation refuses it; keep the function's logical id and name`,
  ],
  [
    'the type',
    { ...custom(), Type: 'Custom::Other' },
    `A: 'Type' of "A" cannot be changed, got Custom::Other after Custom::Thing, since CloudFormation refuses it for custom resources; give the resource another logical id`,
  ],
])('changing %s of a custom resource is refused', async (_name, changed, reason) => {
  const played = play();
  await played.deploy({ Resources: { A: custom() } });
  const result = await played.deploy({ Resources: { A: changed } });
  expect([result.status, result.reason]).toEqual(['UPDATE_ROLLBACK_COMPLETE', reason]);
  expect(played.calls()).toEqual(['Create A']);
});

test('plaintext references are resolved in custom resources, secret ones refused', async () => {
  const played = play({ dynamicReference: ({ id }) => `value of ${id}` });
  const plain = { Resources: { A: custom({ x: '{{resolve:ssm:/name}}' }) } };
  expect((await played.deploy(plain)).status).toBe('CREATE_COMPLETE');
  expect(played.events[0]?.ResourceProperties.x).toBe('value of /name');
  const secret = { Resources: { A: custom({ x: '{{resolve:secretsmanager:db}}' }) } };
  expect((await played.deploy(secret)).reason).toBe(
    `A: dynamic references: 'Resources.A.Properties' cannot use a dynamic reference to secretsmanager, since CloudFormation does not resolve it in a custom resource; pass the secret's ARN`,
  );
});

test('an export in use can neither be changed nor its stack deleted', async () => {
  const assembly = (value: string) =>
    assemblyOf({
      Net: {
        Resources: { N: custom() },
        Outputs: { Id: { Value: value, Export: { Name: 'id' } } },
      },
      App: { Resources: { A: custom({ id: { 'Fn::ImportValue': 'id' } }) } },
    });
  const cloudformation = await play().cloudformation();
  await cloudformation.deploy(assembly('one'), 'Net');
  await cloudformation.deploy(assembly('one'), 'App');
  const changed = await cloudformation.deploy(assembly('two'), 'Net');
  expect([changed.status, changed.reason]).toEqual([
    'UPDATE_ROLLBACK_COMPLETE',
    'export "id" cannot be changed or removed while it is used by "App"; change what uses it first',
  ]);
  await expect(cloudformation.destroy('Net')).rejects.toThrow(
    'stack "Net" cannot be deleted while its export "id" is used by "App"; delete what uses it first',
  );
  await expect(cloudformation.deploy(assembly('one'), 'Other')).rejects.toThrow(
    'stack "Other" must be in the cloud assembly, got "Net", "App"; name one of them or synthesize again',
  );
});

test('independent resources are played at once, up to the limit', async () => {
  let running = 0;
  let most = 0;
  const players: ResourcePlayers = {
    'X::Y::Z': {
      create: async ({ logicalId }) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return { physicalId: logicalId, attributes: {} };
      },
    },
  };
  const Resources = Object.fromEntries(
    ['A', 'B', 'C', 'D', 'E'].map((id) => [id, { Type: 'X::Y::Z' }]),
  );
  await play({ players, concurrency: 3 }).deploy({ Resources });
  expect(most).toBe(3);
});

test('events say what happened, and never what a function answered', async () => {
  const seen: string[] = [];
  const played = play({
    onEvent: ({ logicalId, action, status, physicalId, reason }) =>
      seen.push([logicalId, action, status, physicalId ?? '-', reason ?? '-'].join(' ')),
  });
  played.behaviour = () => ({ Data: { password: 'hunter2' }, NoEcho: true });
  const result = await played.deploy({ Resources: { A: custom() } });
  expect(seen).toEqual(['A CREATE IN_PROGRESS - -', 'A CREATE COMPLETE id-A -']);
  expect(JSON.stringify(result)).not.toContain('hunter2');
  expect((await played.cloudformation()).resources('App')?.get('A')?.noEcho).toBe(true);
});

test('expressions of the metadata are evaluated by what the stack holds', async () => {
  const played = play();
  played.behaviour = () => ({ Data: { Host: '10.0.0.7' } });
  await played.deploy({ Resources: { A: custom() } });
  const cloudformation = await played.cloudformation();
  const binding = { host: { 'Fn::GetAtt': ['A', 'Host'] }, port: 5432 };
  expect(cloudformation.evaluate('App', binding, 'Metadata.Pontoon')).toEqual({
    host: '10.0.0.7',
    port: 5432,
  });
  expect(() => cloudformation.evaluate('App', { Ref: 'B' }, 'Metadata.Pontoon')).toThrow(
    `stack "App": 'Metadata.Pontoon' refers to "B", which the template does not define`,
  );
  expect(() => cloudformation.evaluate('Nope', {}, 'Metadata')).toThrow(
    'stack "Nope" must be deployed, got no such stack; deploy it first',
  );
});
