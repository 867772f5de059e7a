// Integers of different widths are sorted alike, and so is text of any type whose collation is.
const ORDER_OF_TYPE = `CASE
      WHEN t.typname IN ('int2', 'int4', 'int8') THEN 'integer'
      WHEN t.typname IN ('float4', 'float8') THEN 'float'
      WHEN t.typname IN ('text', 'varchar') THEN 'text ' || pg_catalog.getdatabaseencoding() || ' ' || collation_order.it
      WHEN t.typname IN ('numeric', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'uuid', 'bytea',
        'bool', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'oid', 'pg_lsn') THEN t.typname::text END`;

// What sorts by bytes does so everywhere. Anything else sorts as the version of its library does. The database's own
// collation has no version of its own before PostgreSQL 15, but the collation of that name has.
const ORDER_OF_COLLATION = `(SELECT CASE
        WHEN named.provider = 'b' OR (named.provider = 'c' AND named.locale IN ('C', 'POSIX')) THEN 'C'
        ELSE named.provider || ' ' || named.locale || ' ' || named.version END AS it
      FROM (
        SELECT o.collprovider::text AS provider,
          COALESCE(to_jsonb(o)->>'colllocale', to_jsonb(o)->>'colliculocale', o.collcollate) AS locale,
          pg_catalog.pg_collation_actual_version(o.oid) AS version
        FROM pg_catalog.pg_collation o WHERE o.oid = a.attcollation AND o.collprovider <> 'd'
        UNION ALL
        SELECT COALESCE(to_jsonb(d)->>'datlocprovider', 'c'), d.datcollate,
          (SELECT max(pg_catalog.pg_collation_actual_version(o.oid)) FROM pg_catalog.pg_collation o
            WHERE o.collprovider = 'c' AND o.collcollate = d.datcollate AND o.collencoding IN (-1, d.encoding))
        FROM pg_catalog.pg_database d, pg_catalog.pg_collation o
        WHERE d.datname = pg_catalog.current_database() AND o.oid = a.attcollation AND o.collprovider = 'd'
          AND COALESCE(to_jsonb(d)->>'datlocprovider', 'c') IN ('b', 'c')
      ) AS named)`;

/** The columns of the best key of the relation `c`, in the key's order, as JSON; null if it has none. */
export const KEY_COLUMNS = `(SELECT json_agg(json_build_object('name', a.attname, 'order', ${ORDER_OF_TYPE}) ORDER BY keyed.position)
    FROM (SELECT x.indkey, x.indnkeyatts FROM pg_catalog.pg_index x
        WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute m WHERE m.attrelid = c.oid AND NOT m.attnotnull
            AND m.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]))
        ORDER BY x.indisprimary DESC, x.indisreplident DESC, x.indnkeyatts, x.indexrelid LIMIT 1) AS best
      CROSS JOIN LATERAL unnest((best.indkey::int2[])[0:best.indnkeyatts - 1]) WITH ORDINALITY AS keyed(number, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = keyed.number
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN LATERAL ${ORDER_OF_COLLATION} AS collation_order ON true)`;
