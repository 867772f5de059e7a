import type { StandIn } from '../servers';

/** What takes the place of pg_dump where that of the server's major is missing. */
export const PG_DUMP_STAND_IN: StandIn = {
  name: 'pg_dump',
  reason:
    'the client tools of this major are not installed; the schema is derived from the catalogs',
  behaviours: [
    'schemas are matched by their very names, and a missing one is refused',
    'enums, domains, composite types, sequences and functions come before the tables that use them',
    'tables have columns, defaults, identities, generated columns, collations and partitions',
    'keys, checks, exclusions, foreign keys in cycles, indexes and replica identities come after all tables',
    'views and materialized views come in the order of their dependencies, without rows',
    'triggers, policies, comments, owners, grants and default privileges are those of the source',
    'objects outside of the schemas, such as event triggers, are left out, as pg_dump does',
    'what it cannot derive is refused by its name, and never left out',
    'an option that is not known to it is refused',
  ],
};
