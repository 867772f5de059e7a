import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { LinkKind, serverOf, type TopologyLink } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';
import { linksOut } from './relations';

interface TablespaceRow {
  readonly name: string;
  readonly location: string;
}

/** Whether there are tablespaces: a standby would need their directories, by the same names. */
export const tablespaces = defineCheck<TablespaceRow>({
  id: 'tablespaces',
  title: 'tablespaces',
  query: () =>
    sql(
      `SELECT spcname::text AS name, pg_catalog.pg_tablespace_location(oid) AS location
FROM pg_catalog.pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname`,
    ),
  evaluate: (rows, context) => {
    const standbys = standbysOf(context).map(({ to }) => `'${to}'`);
    return rows.map(({ name, location }) => {
      const object = quoteIdentifier(name);
      return {
        severity: 'error' as const,
        object,
        message: `tablespace ${object} of '${context.server}' must not be there, since ${standbys.join(' and ')} would need its directory ${JSON.stringify(location)}; move what is in it to pg_default in every database, which locks each table while it is copied, and drop it`,
        fix: [
          ...['TABLE', 'INDEX', 'MATERIALIZED VIEW'].map(
            (kind) => `ALTER ${kind} ALL IN TABLESPACE ${object} SET TABLESPACE pg_default;`,
          ),
          `DROP TABLESPACE ${object};`,
        ].join('\n'),
      };
    });
  },
});

interface SizeRow {
  readonly gib: number;
}

/** More than this part of a volume is no place for a copy: the file system takes some, and the copy still grows. */
const FULL = 0.95;

/** More than this part leaves little for growth, and for the log while the copy catches up. */
const NEARLY_FULL = 0.8;

/** Whether everything on the server fits on the disks of its standbys, as far as their sizes are known. */
export const standbyVolume = defineCheck<SizeRow>({
  id: 'standby-volume',
  title: 'room for a copy on the standby',
  permit: (role) => `GRANT pg_monitor TO ${quoteIdentifier(role)};`,
  query: () =>
    sql(
      `SELECT ((SELECT pg_catalog.sum(pg_catalog.pg_database_size(oid)) FROM pg_catalog.pg_database)
  + (SELECT pg_catalog.sum(size) FROM pg_catalog.pg_ls_waldir()))::float8 / 1024 ^ 3 AS gib`,
    ),
  evaluate: ([row], context) =>
    row === undefined
      ? []
      : standbysOf(context).flatMap((link) => volumeFound(row.gib, link, context)),
});

function volumeFound(
  gib: number,
  { to }: TopologyLink,
  { topology, server }: PreflightContext,
): Found[] {
  const { dataVolumeGiB: volume } = serverOf(topology, to);
  if (volume === undefined || gib <= NEARLY_FULL * volume) return [];
  const full = gib > FULL * volume;
  return [
    {
      severity: full ? 'error' : 'warning',
      object: to,
      message: `the databases and the log of '${server}' take ${gib.toFixed(1)} GiB, ${full ? 'for which' : 'which leaves little to grow where'} '${to}' has a volume of ${volume} GiB; give it 'dataVolumeGiB' of at least ${Math.ceil(gib / NEARLY_FULL)}`,
    },
  ];
}

/** Whether any standby of `server` has a disk whose size is known. */
export function hasKnownVolume({ topology, server }: PreflightContext): boolean {
  return standbysOf({ topology, server }).some(
    ({ to }) => serverOf(topology, to).dataVolumeGiB !== undefined,
  );
}

function standbysOf({ topology, server }: PreflightContext): readonly TopologyLink[] {
  return linksOut(topology, server, LinkKind.PHYSICAL);
}
