/**
 * How AWS DMS treats the types of a PostgreSQL source: `lob` types travel apart from their row, found again by its
 * primary key, and may be cut. What is not listed is unchecked.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html
 */
const PLAIN_TYPES: ReadonlySet<string> = new Set(
  `int2 int4 int8 numeric float4 float8 money bpchar char varchar date time timetz timestamp timestamptz interval bool
  enum cidr inet macaddr bit varbit uuid point line lseg box circle range`.split(/\s+/),
);

const LOB_TYPES: ReadonlySet<string> = new Set(
  'text citext bytea xml json jsonb tsvector tsquery path polygon hstore array composite geometry geography'.split(
    ' ',
  ),
);

/** Whether DMS treats `type` (a pg_type.typname, or `array`, `composite`, `enum`, `range`) as a large object. */
export function isLobType(type: string): boolean {
  return LOB_TYPES.has(type);
}

/** Whether DMS is known to carry `type`. */
export function isKnownType(type: string): boolean {
  return PLAIN_TYPES.has(type) || LOB_TYPES.has(type);
}

/** Every type that DMS is known to carry. */
export const DMS_TYPES: readonly string[] = [...PLAIN_TYPES, ...LOB_TYPES];

/** Every type that DMS treats as a large object. */
export const DMS_LOB_TYPES: readonly string[] = [...LOB_TYPES];
