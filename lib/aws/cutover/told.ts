import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { CutoverPlan } from '../../postgres';
import { certificatesBeside, withoutLateCertificate } from '../late-certificates';
import type { ServerBinding } from '../server-binding';

/** What the function is told of a cutover. */
export interface Told {
  readonly plan: CutoverPlan;
  readonly servers: readonly ServerBinding[];
  /** See `EndpointSpec`. */
  readonly endpoint: Record<string, unknown> | undefined;
  readonly taskArn: string | undefined;
}

/** The input of a cutover as plain data with tokens: see `CutoverInput`. */
export function cutoverInput({ plan, servers, endpoint, taskArn }: Told): Record<string, unknown> {
  return {
    plan,
    connections: Object.fromEntries(
      servers.map((binding) => [binding.server, withoutLateCertificate(binding)]),
    ),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(taskArn === undefined ? {} : { taskArn }),
  };
}

/** It as JSON, with the certificates that are known only at deployment beside it. */
export function toldText(scope: Construct, told: Told): string {
  const input = Stack.of(scope).toJsonString(cutoverInput(told));
  return `{"input":${input},"certificates":${certificatesBeside(told.servers)}}`;
}
