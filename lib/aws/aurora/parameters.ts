import {
  createTopology,
  deriveSettings,
  LinkKind,
  Platform,
  renderParameterGroup,
} from '../../postgres';
import type { AuroraTargetProps } from './props';

/** What PostgreSQL 18 allows by itself. */
const DEFAULT_ORIGINS = 10;

/**
 * Parameters of which was not tried that Aurora knows them, with what PostgreSQL does by itself. They are left out where
 * that is enough: a group with an unknown parameter could not be made.
 */
const DEFAULTS: Readonly<Record<string, (value: string) => boolean>> = {
  max_active_replication_origins: (value) => Number(value) <= DEFAULT_ORIGINS,
  max_slot_wal_keep_size: (value) => value === '-1',
  idle_replication_slot_timeout: (value) => value === '0',
};

/** What a cluster needs for replication. */
export function neededParameters(props: Omit<AuroraTargetProps, 'vpc'>): Record<string, string> {
  const needed = props.replicationParameters ?? parametersOfOneLink(props);
  return Object.fromEntries(
    Object.entries(needed).filter(([name, value]) => DEFAULTS[name]?.(value) !== true),
  );
}

/** What a cluster needs that one subscription or DMS task writes to. */
function parametersOfOneLink({
  majorVersion,
  databaseName: database,
}: Omit<AuroraTargetProps, 'vpc'>): Record<string, string> {
  const topology = createTopology({
    servers: {
      source: { platform: Platform.SELF_MANAGED, majorVersion, database },
      target: { platform: Platform.AURORA, majorVersion, database },
    },
    links: [
      { kind: LinkKind.NATIVE, from: 'source', to: 'target', selection: { schemas: ['public'] } },
    ],
  });
  return renderParameterGroup(deriveSettings(topology, 'target'));
}
