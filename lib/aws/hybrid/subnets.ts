import { type ISubnet, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { HybridMigrationProps } from './props';

/** The subnets that the parts of a migration run in. */
export interface HybridSubnets {
  /** Of the runner and of DMS. */
  readonly runner: readonly ISubnet[];
  /** Of the standby; undefined if there is none. */
  readonly standby: ISubnet | undefined;
  /** Of the target. */
  readonly target: readonly ISubnet[];
}

/** Chooses the subnets where the props leave it open. */
export function selectSubnets({
  vpc,
  subnets,
  standby,
  target,
}: HybridMigrationProps): HybridSubnets {
  const runner = vpc.selectSubnets(
    subnets ?? { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
  ).subnets;
  const isolated = vpc.isolatedSubnets.length > 0 ? vpc.isolatedSubnets : vpc.privateSubnets;
  return {
    runner,
    standby: standby.subnet ?? runner[0],
    target: target.subnets === undefined ? isolated : vpc.selectSubnets(target.subnets).subnets,
  };
}
