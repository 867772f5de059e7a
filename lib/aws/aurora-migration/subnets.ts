import { type ISubnet, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { AuroraMigrationProps } from './props';

/** The subnets that the parts of a migration run in. */
export interface AuroraSubnets {
  /** Of the runner and of the host that copies the schema. */
  readonly runner: readonly ISubnet[];
  /** Of the target, which subscribes to the source. */
  readonly target: readonly ISubnet[];
}

/** Chooses the subnets where the props leave it open. */
export function selectSubnets({ vpc, subnets, target }: AuroraMigrationProps): AuroraSubnets {
  const isolated = vpc.isolatedSubnets.length > 0 ? vpc.isolatedSubnets : vpc.privateSubnets;
  return {
    runner: vpc.selectSubnets(subnets ?? { subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnets,
    target: target.subnets === undefined ? isolated : vpc.selectSubnets(target.subnets).subnets,
  };
}
