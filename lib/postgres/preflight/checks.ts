import {
  isManaged,
  LinkKind,
  linksFrom,
  serverOf,
  standbyLinkInto,
  type Topology,
} from '../topology';
import { access } from './access-check';
import { largeObjects, longTransactions, preparedTransactions, sequences } from './activity-checks';
import type { Check } from './check';
import { collations } from './collation-check';
import { cutoverRights } from './cutover-check';
import { dmsColumns } from './dms-columns-check';
import { dmsConstraints } from './dms-constraints-check';
import { dmsNames } from './dms-names-check';
import { dmsSettings } from './dms-settings-check';
import { extensions, managedTargets } from './extension-check';
import { filters } from './filter-check';
import { replicaIdentity } from './identity-check';
import { privileges } from './privilege-check';
import { decodedLinks, dmsLinks, linksOut } from './relations';
import { schemaCopy } from './schema-copy-check';
import { selectionExists } from './selection-check';
import { room, settings, version } from './server-checks';
import { hasKnownVolume, standbyVolume, tablespaces } from './standby-checks';
import { statementLog } from './statement-log-check';
import { generatedColumns, partitionRoots, unloggedTables } from './table-checks';

/**
 * The checks that make sense for `server`, by the part that it plays: tables are checked on the primary, where they can
 * be mended; settings, senders and DMS's demands on the server that is read from; rights where objects are created.
 */
export function preflightChecks(topology: Topology, server: string): Check[] {
  const managed = isManaged(serverOf(topology, server));
  const isStandby = standbyLinkInto(topology, server) !== undefined;
  const sends = linksFrom(topology, server).some((link) => link.promoted !== true);
  return [
    version,
    settings,
    ...(sends ? [room] : []),
    ...(isStandby ? [] : [privileges, statementLog]),
    ...(managed ? [] : [access]),
    ...(linksOut(topology, server, LinkKind.PHYSICAL).length > 0 ? [tablespaces] : []),
    ...(hasKnownVolume({ topology, server }) ? [standbyVolume] : []),
    ...(linksOut(topology, server, LinkKind.DMS).length > 0 ? [dmsSettings] : []),
    ...primaryChecks(topology, server),
    ...(managed ? [] : [collations]),
  ];
}

function primaryChecks(topology: Topology, server: string): Check[] {
  const decoded = decodedLinks(topology, server);
  const sends = linksFrom(topology, server).some((link) => link.promoted !== true);
  const ofActivity = [preparedTransactions, longTransactions];
  if (decoded.length === 0)
    return sends && standbyLinkInto(topology, server) === undefined
      ? [unloggedTables, ...ofActivity]
      : [];
  return [
    selectionExists,
    cutoverRights,
    schemaCopy,
    replicaIdentity,
    filters,
    unloggedTables,
    generatedColumns,
    partitionRoots,
    largeObjects,
    sequences,
    ...(dmsLinks(topology, server).length > 0 ? [dmsNames, dmsColumns, dmsConstraints] : []),
    ...(managedTargets(topology, server).length > 0 ? [extensions] : []),
    ...ofActivity,
  ];
}
