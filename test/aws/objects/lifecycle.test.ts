import { Match, Template } from 'aws-cdk-lib/assertions';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  LogicalSlot,
  NativeReplication,
  PhysicalSlot,
  Publication,
  ReplicationRole,
  RunnerFunction,
  ServerBinding,
  Subscription,
} from '../../../lib/aws';
import { SlotPlugin } from '../../../lib/postgres';
import { newApp, newStack, PEM } from '../hybrid/fixture';
import { ResourceGraph } from '../resource-graph';
import { refusal, type SmallStack, sent, smallStack } from './fixture';

const SELECTION = { schemas: ['shop'] };

const graphOf = ({ stack }: Pick<SmallStack, 'stack'>): ResourceGraph =>
  new ResourceGraph(Template.fromStack(stack).toJSON());

test('objects on one server share its ledger, which is there before them', () => {
  const small = smallStack();
  const { stack, runner, primary: server } = small;
  new PhysicalSlot(stack, 'Slot', { runner, server, slotName: 'one' });
  new Publication(stack, 'Tables', {
    runner,
    server,
    publicationName: 'shop',
    selection: SELECTION,
  });
  const graph = graphOf(small);
  const ledger = graph.only('Custom::PontoonLedger');
  expect(graph.needs(graph.only('Custom::PontoonPhysicalSlot'))).toContain(ledger);
  expect(graph.needs(graph.only('Custom::PontoonPublication'))).toContain(ledger);
  expect(graph.resources[ledger]?.Properties).toMatchObject({
    server: 'primary',
    spec: { kind: 'ledger' },
    ServiceTimeout: '960',
  });
});

test("a standby's slot is written down on its primary, since a standby takes no writes", () => {
  const small = smallStack();
  const { stack, runner, primary, standby: server } = small;
  new LogicalSlot(stack, 'Slot', {
    runner,
    server,
    primary,
    slotName: 'one',
    plugin: SlotPlugin.PGOUTPUT,
  });
  const graph = graphOf(small);
  expect(graph.resources[graph.only('Custom::PontoonLedger')]?.Properties).toMatchObject({
    server: 'primary',
  });
});

test('two servers have a ledger each', () => {
  const small = smallStack();
  const { stack, runner } = small;
  for (const server of [small.primary, small.target])
    new PhysicalSlot(stack, `Slot-${server.server}`, { runner, server, slotName: 'one' });
  expect(graphOf(small).ofType('Custom::PontoonLedger')).toHaveLength(2);
});

test('two bindings of one name are refused: they would have two ledgers', () => {
  const { stack, runner, primary } = smallStack();
  const { host, database, secret } = primary;
  const twin = new ServerBinding({
    server: 'primary',
    host,
    database,
    secret,
    caCertificate: PEM,
  });
  new PhysicalSlot(stack, 'One', { runner, server: primary, slotName: 'one' });
  expect(
    refusal(() => new PhysicalSlot(stack, 'Two', { runner, server: twin, slotName: 'two' })),
  ).toBe(
    "'server' must be unique among the bindings of one RunnerFunction, got 'primary' twice; use one ServerBinding for all objects on a server, and another name for another server",
  );
});

test('what a deletion needs is deleted later: function, its rules, logins and the right to read them', () => {
  const small = smallStack();
  const { stack, vpc, runner, primary: server } = small;
  const host = new SecurityGroup(stack, 'Host', { vpc });
  runner.connections.allowTo(host, Port.tcp(5432));
  server.dependsOn(host);
  const passwordSecret = new Secret(stack, 'Password');
  new ReplicationRole(stack, 'Reader', { runner, server, roleName: 'reader', passwordSecret });
  const graph = graphOf(small);
  const policies = graph.ofType('AWS::IAM::Policy');
  expect(sent(small, 'Role').needs).toEqual(
    expect.arrayContaining([
      'PontoonRunner',
      graph.only('AWS::SecretsManager::Secret', 'primaryLogin'),
      graph.only('AWS::SecretsManager::Secret', 'Password'),
      graph.only('AWS::EC2::SecurityGroup', 'Host'),
      graph.only('AWS::EC2::SecurityGroup', 'Runner'),
      ...graph.ofType('AWS::EC2::SecurityGroupIngress'),
      ...graph.ofType('AWS::EC2::SecurityGroupEgress'),
      ...policies,
    ]),
  );
  expect(policies).toHaveLength(2);
  expect(graph.circles()).toEqual([]);
});

test('a subscription waits for its publisher too, and for its own login there', () => {
  const small = smallStack();
  const { stack, vpc, runner, primary, standby, target: server } = small;
  const host = new SecurityGroup(stack, 'Host', { vpc });
  standby.dependsOn(host);
  new Subscription(stack, 'Subscription', {
    runner,
    server,
    subscriptionName: 'shop',
    publisher: standby,
    publisherPrimary: primary,
    publisherSecret: new Secret(stack, 'Password'),
    publicationNames: ['shop'],
    slotName: 'shop',
    selection: SELECTION,
  });
  const graph = graphOf(small);
  const secrets = ['primary', 'standby', 'target', 'Password'].map((name) =>
    graph.only('AWS::SecretsManager::Secret', name),
  );
  expect(sent(small, 'Subscription').needs).toEqual(
    expect.arrayContaining([...secrets, graph.only('AWS::EC2::SecurityGroup', 'Host')]),
  );
});

test('natively, a slot is made after the publication and before the subscription', () => {
  const small = smallStack();
  const { stack, runner, primary, standby, target } = small;
  new NativeReplication(stack, 'Replication', {
    runner,
    publisher: standby,
    publisherPrimary: primary,
    subscriber: target,
    subscriptionSecret: new Secret(stack, 'Password'),
    selection: SELECTION,
  });
  const graph = graphOf(small);
  const slot = graph.only('Custom::PontoonLogicalSlot');
  expect(graph.needs(slot)).toContain(graph.only('Custom::PontoonPublication'));
  expect(graph.needs(graph.only('Custom::PontoonSubscription'))).toContain(slot);
  expect(graph.ofType('Custom::PontoonLedger')).toHaveLength(2);
});

test('the function may read each login once, and nothing else', () => {
  const small = smallStack();
  const { stack, runner, primary: server } = small;
  const encryptionKey = new Key(stack, 'Key');
  const passwordSecret = new Secret(stack, 'Password', { encryptionKey });
  for (const roleName of ['one', 'two'])
    new ReplicationRole(stack, roleName, { runner, server, roleName, passwordSecret });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::IAM::Policy', 2);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Action: 'secretsmanager:GetSecretValue',
          Effect: 'Allow',
          Resource: { Ref: Match.stringLikeRegexp('^primaryLogin') },
        },
      ],
    },
  });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Action: 'secretsmanager:GetSecretValue',
          Effect: 'Allow',
          Resource: { Ref: Match.stringLikeRegexp('^Password') },
        },
        {
          Action: 'kms:Decrypt',
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] },
          Condition: {
            StringEquals: {
              'kms:ViaService': {
                'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']],
              },
            },
          },
        },
      ],
    },
  });
});

test('a login that is known by a partial ARN is read by that, with the characters that are missing', () => {
  const small = smallStack();
  const { stack, runner } = small;
  const secret = Secret.fromSecretNameV2(stack, 'Imported', 'shop/login');
  runner.allowSecret(secret);
  const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  expect(JSON.stringify(policy?.Properties.PolicyDocument)).toContain(':secret:shop/login-??????"');
});

test('the function keeps its logical id, answers for fifteen minutes, and lets nobody in', () => {
  const template = Template.fromStack(smallStack().stack);
  expect(Object.keys(template.findResources('AWS::Lambda::Function'))).toContain('PontoonRunner');
  template.hasResourceProperties('AWS::Lambda::Function', {
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: 900,
    VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() },
  });
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupIngress: Match.absent(),
    SecurityGroupEgress: [
      {
        CidrIp: '0.0.0.0/0',
        Description: 'AWS APIs and the answer to CloudFormation',
        FromPort: 443,
        IpProtocol: 'tcp',
        ToPort: 443,
      },
    ],
  });
});

test('a second function in a stack needs another logical id, in another stack it does not', () => {
  const app = newApp();
  const { stack, vpc } = newStack('One', app);
  new RunnerFunction(stack, 'Runner', { vpc });
  expect(refusal(() => new RunnerFunction(stack, 'Second', { vpc }))).toBe(
    "'logicalId' must be unique in the stack, got 'PontoonRunner' twice; share one RunnerFunction by 'runner', or give the second another 'logicalId'",
  );
  new RunnerFunction(stack, 'Third', { vpc, logicalId: 'OtherRunner' });
  const second = newStack('Two', app);
  new RunnerFunction(second.stack, 'Runner', { vpc: second.vpc });
  expect(Object.keys(Template.fromStack(stack).findResources('AWS::Lambda::Function'))).toEqual(
    expect.arrayContaining(['PontoonRunner', 'OtherRunner']),
  );
});
