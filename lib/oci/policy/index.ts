import { oneActiveBackend } from './backends';
import { knownHosts, verifiedTls } from './connections';
import { protectedDatabases } from './databases';
import { noOpenPort } from './networks';
import type { ReplicationPolicy } from './policy';
import { noPlaintextSecrets } from './secrets';

export type { CheckedResource, ReplicationPolicy } from './policy';

/**
 * What replicating databases keep to, for a `PolicyPack` of `@pulumi/policy`. They hold no reference to that package.
 *
 * @see https://www.pulumi.com/docs/insights/policy/
 */
export const replicationPolicies: ReplicationPolicy[] = [
  oneActiveBackend,
  noOpenPort,
  verifiedTls,
  knownHosts,
  noPlaintextSecrets,
  protectedDatabases,
];
