import type { StackIdentity } from './scope';
import { problem } from './template-problem';

/** What `Ref: AWS::NoValue` gives: the property or list entry that holds it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

/** The value of a name that begins with `AWS::`; `at` is where it is used. */
export function pseudoParameter(name: string, identity: StackIdentity, at: string): unknown {
  const values = new Map<string, unknown>([
    ['AWS::NoValue', NO_VALUE],
    ['AWS::Region', identity.region],
    ['AWS::AccountId', identity.account],
    ['AWS::Partition', identity.partition],
    ['AWS::URLSuffix', identity.urlSuffix],
    ['AWS::StackName', identity.stackName],
    ['AWS::StackId', identity.stackId],
    ['AWS::NotificationARNs', []],
  ]);
  if (!values.has(name)) throw problem(at, `cannot use the unknown pseudo parameter ${name}`);
  return values.get(name);
}
