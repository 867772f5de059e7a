import { quoteIdentifier } from '../identifiers';
import type { SynchronousStandbys, TopologyServer } from '../topology';
import type { RequiredSetting } from './requirement';

/** What a server needs to wait for its standbys. Each calls itself by its server's name. */
export function synchronousSettings({ synchronous }: TopologyServer): RequiredSetting[] {
  if (synchronous === undefined) return [];
  const { quorum, standbys } = synchronous;
  return [
    {
      name: 'synchronous_standby_names',
      value: synchronousNames(synchronous),
      rule: 'equal',
      restart: false,
      reason: `a commit is on the disks of ${quorum} of ${standbys.length} standbys before it is acknowledged`,
    },
  ];
}

/**
 * The value of `synchronous_standby_names`.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-SYNCHRONOUS-STANDBY-NAMES
 */
export function synchronousNames({ quorum, standbys }: SynchronousStandbys): string {
  return `ANY ${quorum} (${standbys.map(quoteIdentifier).join(', ')})`;
}
