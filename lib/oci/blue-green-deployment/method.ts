import { supports } from '../../postgres';
import type { BlueGreenDeploymentArgs } from './args';
import { ReplicationMethod } from './replication-args';

/** What carries the changes: what the user said, otherwise what is known to work. The way back subscribes on blue. */
export function methodOf({
  blue,
  green,
  replication: { method, wayBack },
}: Pick<BlueGreenDeploymentArgs, 'blue' | 'green' | 'replication'>): ReplicationMethod {
  if (method !== undefined) return method;
  const subscribers = wayBack === false ? [green] : [green, blue];
  return subscribers.every(({ majorVersion }) => supports(majorVersion, 'create-subscription-role'))
    ? ReplicationMethod.NATIVE
    : ReplicationMethod.PGLOGICAL;
}
