import { Match, Template } from 'aws-cdk-lib/assertions';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RunnerFunction, ServerBinding } from '../../../lib/aws';
import { PEM } from '../certificate';
import { newApp, newStack } from '../hybrid/fixture';
import { ResourceGraph } from '../resource-graph';
import {
  nativeReplication,
  physicalSlot,
  publication,
  refusal,
  role,
  type SmallStack,
  sent,
  smallStack,
  standbySlot,
  subscription,
} from './fixture';

const graphOf = ({ stack }: Pick<SmallStack, 'stack'>): ResourceGraph =>
  new ResourceGraph(Template.fromStack(stack).toJSON());

test('objects on one server share its ledger, which is there before them', () => {
  const small = smallStack();
  physicalSlot(small, {}, 'Slot');
  publication(small, {}, 'Tables');
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
  standbySlot(small);
  const graph = graphOf(small);
  expect(graph.resources[graph.only('Custom::PontoonLedger')]?.Properties).toMatchObject({
    server: 'primary',
  });
});

test('two servers have a ledger each', () => {
  const small = smallStack();
  for (const server of [small.primary, small.target])
    physicalSlot(small, { server }, `Slot-${server.server}`);
  expect(graphOf(small).ofType('Custom::PontoonLedger')).toHaveLength(2);
});

test('two bindings of one name are refused: they would have two ledgers', () => {
  const small = smallStack();
  const { host, database, secret } = small.primary;
  const twin = new ServerBinding({
    server: 'primary',
    host,
    database,
    secret,
    caCertificate: PEM,
  });
  physicalSlot(small, {}, 'One');
  expect(refusal(() => physicalSlot(small, { server: twin }, 'Two'))).toBe(
    "'server' must be unique among the bindings of one RunnerFunction, got 'primary' twice; use one ServerBinding for all objects on a server, and another name for another server",
  );
});

test('what a deletion needs is deleted later: function, its rules, logins and the right to read them', () => {
  const small = smallStack();
  const { stack, vpc, runner, primary: server } = small;
  const host = new SecurityGroup(stack, 'Host', { vpc });
  runner.connections.allowTo(host, Port.tcp(5432));
  server.dependsOn(host);
  role(small);
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
  const { stack, vpc, primary, standby } = small;
  const host = new SecurityGroup(stack, 'Host', { vpc });
  standby.dependsOn(host);
  subscription(small, { publisher: standby, publisherPrimary: primary });
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
  nativeReplication(small, { publisher: small.standby, publisherPrimary: small.primary });
  const graph = graphOf(small);
  const slot = graph.only('Custom::PontoonLogicalSlot');
  expect(graph.needs(slot)).toContain(graph.only('Custom::PontoonPublication'));
  expect(graph.needs(graph.only('Custom::PontoonSubscription'))).toContain(slot);
  expect(graph.ofType('Custom::PontoonLedger')).toHaveLength(2);
});

test('the function may read each login once, and nothing else', () => {
  const small = smallStack();
  const { stack } = small;
  const encryptionKey = new Key(stack, 'Key');
  const passwordSecret = new Secret(stack, 'Password', { encryptionKey });
  for (const roleName of ['one', 'two']) role(small, { roleName, passwordSecret }, roleName);
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
