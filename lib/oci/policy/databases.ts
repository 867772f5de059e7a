import type { ReplicationPolicy } from './policy';

const DB_SYSTEM = 'oci:Psql/dbSystem:DbSystem';
const OF_HOSTS = ['oci:Core/volume:Volume', 'oci:Core/instance:Instance'];

/** Data is not lost by an edit. */
export const protectedDatabases: ReplicationPolicy = {
  name: 'pontoon-protected-databases',
  description: 'Databases, their hosts and the volumes of those are protected.',
  enforcementLevel: 'mandatory',
  validateResource: ({ type, urn, props, opts }, report) => {
    const holdsData =
      type === DB_SYSTEM ||
      (OF_HOSTS.includes(type) && urn.includes('pontoon:index:PostgresHost$'));
    if (holdsData && !opts.protect)
      report(
        "'protect' must be true for what holds a database, got false; otherwise an edit that replaces it loses all data",
      );
    if (type === DB_SYSTEM && props.configId !== undefined && props.applyConfig !== 'RESTART')
      report(
        `'applyConfig' must be RESTART, got ${props.applyConfig ?? 'nothing'}; a reload changes neither wal_level nor extensions`,
      );
  },
};
