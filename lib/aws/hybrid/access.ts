import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import { type HbaRule, namesOf, renderHba } from '../../postgres';
import type { HybridMigrationProps } from './props';
import { ReplicationMethod } from './replication-props';

/** What pg_hba of the source must admit, for its runbook. */
export function sourceHba(props: HybridMigrationProps, runnerSubnets: readonly ISubnet[]): string {
  const { standby } = props;
  return renderHba([
    {
      database: 'replication',
      physical: true,
      user: namesOf(props).standbyRole,
      address: `${standby.addressSeenBySource ?? standby.privateIpAddress}/32`,
      purpose: 'base backup and streaming to the standby',
    },
    ...administratorRules(props, runnerSubnets, 'the runner makes objects'),
  ]);
}

/** What pg_hba of the standby admits. */
export function standbyHba(
  props: HybridMigrationProps,
  subnets: { readonly runner: readonly ISubnet[]; readonly target: readonly ISubnet[] },
): string {
  const native = props.replication.method === ReplicationMethod.NATIVE;
  const readers = native ? subnets.target : subnets.runner;
  return renderHba([
    ...administratorRules(props, subnets.runner, 'the runner makes slots and reads metrics'),
    ...readers.map(
      (subnet): HbaRule => ({
        database: props.source.databaseName,
        physical: false,
        user: props.replication.reader?.username ?? namesOf(props).readerRole,
        address: subnet.ipv4CidrBlock,
        purpose: native ? 'the subscription on the target' : 'DMS',
      }),
    ),
    ...(props.standby.applications ?? []).map(
      ({ role, cidr }): HbaRule => ({
        database: props.source.databaseName,
        physical: false,
        user: role,
        address: cidr,
        purpose: 'an application, once the standby was promoted',
      }),
    ),
  ]);
}

function administratorRules(
  { source }: HybridMigrationProps,
  subnets: readonly ISubnet[],
  purpose: string,
): readonly HbaRule[] {
  return subnets.map((subnet) => ({
    database: source.databaseName,
    physical: false,
    user: source.username,
    address: subnet.ipv4CidrBlock,
    purpose,
  }));
}
