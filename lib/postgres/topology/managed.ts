import { Platform, type TopologyServer } from './topology';

const MANAGED: ReadonlySet<Platform> = new Set([
  Platform.AURORA,
  Platform.RDS,
  Platform.OCI_POSTGRESQL,
]);

/** Whether a cloud runs the server, so that nobody is superuser there and no file of its can be edited. */
export function isManaged(server: TopologyServer): boolean {
  return MANAGED.has(server.platform);
}
