import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { selectedSchemas } from '../table-selection';
import { defineCheck, type Found } from './check';
import { decodedLinks } from './relations';

interface LostRow {
  readonly kind: 'event trigger' | 'cast' | 'grant';
  /** Quoted as in SQL. */
  readonly name: string;
  readonly grantor: string | null;
  readonly owner: string | null;
}

/** What a copy of schemas loses, or fails at: it knows nothing beside schemas, and grants in the owner's name only. */
export const schemaCopy = defineCheck<LostRow>({
  id: 'schema-copy',
  title: 'what a copy of the schema loses',
  query: ({ topology, server }) =>
    sql(
      `SELECT 'event trigger' AS kind, pg_catalog.quote_ident(e.evtname) AS name, NULL AS grantor, NULL AS owner FROM pg_catalog.pg_event_trigger e
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND d.objid = e.oid AND d.deptype = 'e')
UNION ALL SELECT 'cast', pg_catalog.format('(%s AS %s)', pg_catalog.format_type(c.castsource, NULL), pg_catalog.format_type(c.casttarget, NULL)), NULL, NULL FROM pg_catalog.pg_cast c
WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
UNION ALL SELECT DISTINCT 'grant', pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.pg_get_userbyid(a.grantor), pg_catalog.pg_get_userbyid(c.relowner)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, pg_catalog.aclexplode(c.relacl) a
WHERE n.nspname = ANY ($1::pg_catalog.name[]) AND a.grantor <> c.relowner
ORDER BY 1, 2`,
      [[...new Set(decodedLinks(topology, server).flatMap(schemasOf))]],
    ),
  evaluate: (rows, { server }) => rows.map((row) => lost(row, server)),
});

function schemasOf({ selection }: ReturnType<typeof decodedLinks>[number]): readonly string[] {
  return selection === undefined ? [] : selectedSchemas(selection);
}

function lost({ kind, name, grantor, owner }: LostRow, server: string): Found {
  if (kind === 'grant') {
    const [by, of] = [quoteIdentifier(grantor ?? ''), quoteIdentifier(owner ?? '')];
    return {
      severity: 'error',
      object: name,
      message: `rights on ${name} of '${server}' must be granted by its owner ${of}, got some by ${by}, in whose name only a superuser of the target could grant them again; grant them as ${of}, and take the others back`,
    };
  }
  return {
    severity: 'warning',
    object: name,
    message: `${kind} ${name} on '${server}' belongs to no schema, and is not copied; make it on the target too if it is needed there`,
  };
}
