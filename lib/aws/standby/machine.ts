import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { OperatingSystem } from './operating-system';
import type { StandbyHostOptions } from './props';

/** The operating system that the standby runs. */
export function operatingSystemOf({ operatingSystem }: StandbyHostOptions): OperatingSystem {
  return operatingSystem ?? OperatingSystem.amazonLinux2023();
}

/** The type of the standby's instance. */
export function instanceTypeOf({ instanceType }: StandbyHostOptions): InstanceType {
  return instanceType ?? new InstanceType('m6i.large');
}
