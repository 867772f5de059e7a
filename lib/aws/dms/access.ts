import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { explainWildcard } from '../explain-wildcard';
import type { DmsReplicationProps } from './props';
import { REPLICATION_TAG } from './task';

/**
 * Lets the function look at replications, and start and stop the one with the tag `key`. The task itself is not named,
 * since it waits for the function's rights.
 */
export function createAccess(scope: Construct, props: DmsReplicationProps, key: string): Policy {
  const serverless = props.serverless !== undefined;
  const replications = arnOf(scope, serverless ? 'replication-config' : 'task');
  const verbs = serverless ? 'Replication' : 'ReplicationTask';
  const reachable = serverless ? [] : [arnOf(scope, 'endpoint'), arnOf(scope, 'rep')];
  const policy = new Policy(scope, 'Access', {
    statements: [
      new PolicyStatement({
        actions: serverless
          ? ['dms:DescribeReplications']
          : ['dms:DescribeReplicationTasks', 'dms:DescribeConnections'],
        resources: ['*'],
      }),
      new PolicyStatement({ actions: ['dms:ListTagsForResource'], resources: [replications] }),
      new PolicyStatement({
        actions: [`dms:Start${verbs}`, `dms:Stop${verbs}`, 'dms:AddTagsToResource'],
        resources: [replications],
        conditions: { StringEquals: { [`aws:ResourceTag/${REPLICATION_TAG}`]: key } },
      }),
      ...(serverless
        ? []
        : [new PolicyStatement({ actions: ['dms:TestConnection'], resources: reachable })]),
    ],
  });
  explainWildcard(policy, '*', 'AWS DMS lets nobody describe single tasks and connections.');
  explainWildcard(
    policy,
    replications,
    'A condition on its tag leaves one replication to start and stop.',
  );
  for (const resource of reachable)
    explainWildcard(
      policy,
      resource,
      'Testing a connection changes nothing, and endpoints wait for this.',
    );
  const { role } = props.runner.function;
  if (role !== undefined) policy.attachToRole(role);
  return policy;
}

function arnOf(scope: Construct, resource: string): string {
  return Stack.of(scope).formatArn({
    service: 'dms',
    resource,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: '*',
  });
}
