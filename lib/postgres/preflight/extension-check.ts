import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { isManaged, serverOf, type Topology } from '../topology';
import { defineCheck, type Found } from './check';
import { offeredByAurora } from './extension-table';
import { isOfOci } from './fixes';
import { decodedLinks } from './relations';

interface ExtensionRow {
  readonly name: string;
  readonly version: string;
}

/** Whether the managed targets of the server's links offer the extensions that it uses. */
export const extensions = defineCheck<ExtensionRow>({
  id: 'extensions',
  title: 'extensions that the target offers',
  query: () =>
    sql(
      'SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY extname',
    ),
  evaluate: (rows, { topology, server }) => {
    const targets = managedTargets(topology, server);
    return rows.flatMap((row) =>
      targets.flatMap((target) => extensionFound(row, target, topology)),
    );
  },
});

/** The managed servers that receive changes of `server`. */
export function managedTargets(topology: Topology, server: string): string[] {
  const targets = decodedLinks(topology, server).map(({ to }) => to);
  return [...new Set(targets)].filter((to) => isManaged(serverOf(topology, to)));
}

function extensionFound(row: ExtensionRow, target: string, topology: Topology): Found[] {
  const receiver = serverOf(topology, target);
  const { platform } = receiver;
  const offered = isOfOci(receiver) ? offeredByOci(row.name) : offeredByAurora(row.name);
  if (offered === true) return [];
  const object = quoteIdentifier(row.name);
  if (offered === false) {
    return [
      {
        severity: 'error',
        object,
        message: `extension ${object} cannot exist on '${target}', which ${platform} manages; drop it, with what depends on it`,
        fix: `DROP EXTENSION ${object};`,
      },
    ];
  }
  return [
    {
      severity: 'unchecked',
      object,
      message: `extension ${object} ${row.version} may be missing on '${target}', which ${platform} manages; look for it in what this prints there, and accept this finding or drop the extension`,
      fix: isOfOci(receiver) ? 'SHOW oci.admin_enabled_extensions;' : 'SHOW rds.extensions;',
    },
  ];
}

/** Configurations of ours name these; what else OCI offers is not known here. */
function offeredByOci(extension: string): true | undefined {
  return ['plpgsql', 'pg_stat_statements', 'pglogical'].includes(extension) ? true : undefined;
}
