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

/** That Aurora knows `max_active_replication_origins` was not tried, so that it is left out where its default does. */
export function neededParameters(props: AuroraTargetProps): Record<string, string> {
  const { max_active_replication_origins: origins, ...needed } =
    props.replicationParameters ?? parametersOfOneLink(props);
  return origins === undefined || Number(origins) <= DEFAULT_ORIGINS
    ? needed
    : { ...needed, max_active_replication_origins: origins };
}

/** What a cluster needs that one subscription or DMS task writes to. */
function parametersOfOneLink({
  majorVersion,
  databaseName: database,
}: AuroraTargetProps): Record<string, string> {
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
