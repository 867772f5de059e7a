import { quoteIdentifier, quoteQualified } from '../identifiers';
import { sql } from '../statement';
import { serverOf, type TopologyLink } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';
import { dmsLinks, linkMatcher, linkPath, selectedTablesSql, type TableRow } from './relations';

const WILDCARDS = /[%[\]]/;

interface DmsNameRow extends TableRow {
  /** Another table of the schema whose name differs in upper and lower case only. */
  readonly twin: string | null;
}

/** Which names DMS cannot tell apart, or reads as patterns. */
export const dmsNames = defineCheck<DmsNameRow>({
  id: 'dms-names',
  title: 'names that DMS misreads',
  query: (context) => {
    const selected = selectedTablesSql(dmsLinks(context.topology, context.server));
    return sql(
      `${selected.with}, twins AS (
  SELECT schema, name, ancestors, min(name) OVER family AS first, max(name) OVER family AS last
  FROM selected WINDOW family AS (PARTITION BY schema, pg_catalog.lower(name))
)
SELECT schema, name, ancestors, CASE WHEN first <> last THEN CASE name WHEN first THEN last ELSE first END END AS twin
FROM twins WHERE first <> last OR name ~ '[%[\\]]' OR schema ~ '[%[\\]]' ORDER BY schema, name`,
      selected.values,
    );
  },
  evaluate: (rows, context) => {
    const links = dmsLinks(context.topology, context.server);
    const match = linkMatcher(links);
    const { database } = serverOf(context.topology, context.server);
    return [
      ...(database.includes(';') ? [databaseFound(database, context.server)] : []),
      ...schemasFound(links, context),
      ...rows.filter((row) => match(row).length > 0).flatMap(dmsNameFound),
    ];
  },
});

function databaseFound(database: string, server: string): Found {
  const object = quoteIdentifier(database);
  return {
    severity: 'error',
    object,
    message: `'servers.${server}.database' cannot contain ';' for DMS, got ${object}; rename the database`,
  };
}

function schemasFound(links: readonly TopologyLink[], { topology }: PreflightContext): Found[] {
  return links.flatMap((link) =>
    (link.selection?.schemas ?? []).flatMap((schema, index): Found[] => {
      if (!WILDCARDS.test(schema)) return [];
      return [
        {
          severity: 'error',
          object: quoteIdentifier(schema),
          message: `'${linkPath(topology, link)}.selection.schemas[${index}]' cannot contain %, [ or ], which DMS reads as patterns, got ${quoteIdentifier(schema)}; rename the schema`,
        },
      ];
    }),
  );
}

function dmsNameFound(row: DmsNameRow): Found[] {
  const object = quoteQualified(row);
  const found: Found[] = [];
  if (WILDCARDS.test(row.name)) {
    found.push({
      severity: 'error',
      object,
      message: `table ${object} cannot have %, [ or ] in its name for DMS, which reads them as patterns; rename it`,
      fix: `ALTER TABLE ${object} RENAME TO ${quoteIdentifier(row.name.replaceAll(/[%[\]]/g, '_'))};`,
    });
  }
  if (row.twin !== null) {
    const twin = quoteQualified({ schema: row.schema, name: row.twin });
    found.push({
      severity: 'error',
      object,
      message: `table ${object} differs from ${twin} only in upper and lower case, which DMS may confuse; exclude or rename one`,
    });
  }
  return found;
}
