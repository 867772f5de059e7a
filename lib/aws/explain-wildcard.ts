import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { Policy } from 'aws-cdk-lib/aws-iam';

/** Says why `policy` names `resource`, which stands for several. */
export function explainWildcard(policy: Policy, resource: string, reason: string): void {
  const { account, region, partition } = Stack.of(policy);
  // cdk-nag writes references as `<Name>`.
  const written = [
    [partition, 'AWS::Partition'],
    [region, 'AWS::Region'],
    [account, 'AWS::AccountId'],
  ].reduce(
    (text, [token = '', name]) =>
      Token.isUnresolved(token) ? text.replace(token, `<${name}>`) : text,
    resource,
  );
  Validations.of(policy).acknowledge({
    id: `AwsSolutions-IAM5[Resource::${written}]`,
    reason,
  });
}
