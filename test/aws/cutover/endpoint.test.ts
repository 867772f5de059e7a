import { Match, Template } from 'aws-cdk-lib/assertions';
import { DatabaseCluster, DatabaseProxy } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CutoverEndpoint, ServerBinding } from '../../../lib/aws';
import type { SmallStack } from '../objects/fixture';
import { definitionIn, machine } from './fixture';

function endpointIn(stack: Parameters<typeof definitionIn>[0]): unknown {
  const { States } = definitionIn(stack, Template.fromStack(stack).toJSON()) as {
    States: { Plan: { Result: { input: { endpoint: unknown } } } };
  };
  return States.Plan.Result.input.endpoint;
}

test('a secret is switched between both addresses, and only it may be changed', () => {
  const { small } = machine(({ stack }) => ({
    endpoint: CutoverEndpoint.secret(new Secret(stack, 'Application')),
  }));
  expect(endpointIn(small.stack)).toEqual({
    kind: 'secret',
    secret: expect.stringMatching(/^<Application/),
    sides: {
      primary: { host: 'primary.example', port: 5432, database: 'shop' },
      target: { host: 'target.example', port: 5432, database: 'shop' },
    },
  });
  Template.fromStack(small.stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Action: [
            'secretsmanager:DescribeSecret',
            'secretsmanager:GetSecretValue',
            'secretsmanager:PutSecretValue',
            'secretsmanager:UpdateSecretVersionStage',
          ],
          Effect: 'Allow',
          Resource: { Ref: Match.stringLikeRegexp('^Application') },
        },
      ],
    },
  });
});

test('a proxy is switched between two clusters', () => {
  const { small, cutover } = machine(({ stack }) => ({
    endpoint: CutoverEndpoint.rdsProxy(
      DatabaseProxy.fromDatabaseProxyAttributes(stack, 'Proxy', {
        dbProxyName: 'shop',
        dbProxyArn: 'arn:aws:rds:eu-central-1:123456789012:db-proxy:prx-1',
        endpoint: 'shop.proxy.example',
        securityGroups: [],
      }),
      {
        primary: DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Old', {
          clusterIdentifier: 'old',
        }),
        target: DatabaseCluster.fromDatabaseClusterAttributes(stack, 'New', {
          clusterIdentifier: 'new',
        }),
      },
    ),
  }));
  expect(cutover.plan.limits.budgetMs).toBe(120_000);
  expect(endpointIn(small.stack)).toEqual({
    kind: 'rds-proxy',
    proxy: 'shop',
    targetGroup: 'default',
    sides: { primary: 'old', target: 'new' },
  });
});

test('a record does not lead to an address', () => {
  const bound = (small: SmallStack) =>
    new ServerBinding({
      server: 'primary',
      host: '192.0.2.10',
      database: 'shop',
      secret: small.primary.secret,
      caCertificate: small.primary.caCertificate,
    });
  expect(() => machine((small) => ({ bindings: [bound(small), small.target] }))).toThrow(
    "'endpoint' must lead to hosts with names, since a CNAME record holds no address, got '192.0.2.10' for 'primary'; give that server a name in DNS, and its certificate the same, or use another endpoint",
  );
});
