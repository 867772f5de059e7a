import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { cpuTypeOf } from './instance';
import { instanceTypeOf, operatingSystemOf } from './machine';
import type { IntermediaryStandbyProps } from './props';

/**
 * Names one generation of the instance by everything that replaces it, or its volume. CloudFormation waits for a signal
 * only when a wait condition is made, so that each generation gets one of its own: an update that brings up a standby
 * which cannot stream then fails and is rolled back, and a new volume's certificate gets known.
 */
export function generationOf(
  scope: Construct,
  props: IntermediaryStandbyProps,
  userData: string,
): string {
  const { subnet, encryptionKey, privateIpAddress } = props;
  const instanceType = instanceTypeOf(props);
  const replacing = Stack.of(scope).resolve([
    userData,
    instanceType.toString(),
    operatingSystemOf(props).machineImage(cpuTypeOf(instanceType)).getImage(scope).imageId,
    subnet.subnetId,
    subnet.availabilityZone,
    encryptionKey?.keyArn ?? '',
    privateIpAddress ?? '',
  ]);
  return createHash('sha256').update(JSON.stringify(replacing)).digest('hex').slice(0, 8);
}
