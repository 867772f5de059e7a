import { type QualifiedName, quoteIdentifier, quoteLiteral, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA, selectedSchemas, selectionSql, type TableSelection } from '../table-selection';
import type { TargetNames } from '../verification';

/** A sequence and where it stands. Numbers are texts: a bigint does not fit into a JavaScript number. */
export interface SequenceState extends QualifiedName {
  /** The value given out last, or the first to be given out if none was. */
  readonly lastValue: string;
  /** Whether a value was given out. */
  readonly isCalled: boolean;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cycle: boolean;
}

/** A sequence, what the session may do with it, and the column that owns it. */
export interface ListedSequence extends QualifiedName {
  readonly readable: boolean;
  readonly settable: boolean;
  readonly ownerSchema: string | null;
  readonly ownerTable: string | null;
  readonly ownerColumn: string | null;
}

/** A sequence of the source, and the one that goes on in its place; undefined if its column is left out. */
export interface SequencePair {
  readonly from: ListedSequence;
  readonly to: QualifiedName | undefined;
}

/** Where a sequence must go on. */
export interface SequencePosition extends QualifiedName {
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/**
 * The sequences `c` of the selection in `n`, with the column `o` that owns them: all in schemas that the selection reaches
 * into, owned by a table or not, unless a table owns them that is not selected; and those elsewhere that selected tables
 * own or take defaults from.
 */
export function fromSequences(selection: TableSelection): string {
  const owner = `d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')`;
  const tables = (id: string): string =>
    `FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = ${id} JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace`;
  const chosen = selectionSql(selection, 'tn.nspname', 't.relname');
  const schemas = ["''", ...selectedSchemas(selection).map(quoteLiteral)].join(', ');
  return `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN LATERAL (
  SELECT tn.nspname AS schema, t.relname AS name, a.attname AS column ${tables('d.refobjid')} JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid WHERE ${owner} AND d.refclassid = d.classid LIMIT 1) o ON true
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname <> '${OWN_SCHEMA}' AND ((n.nspname IN (${schemas}) AND NOT EXISTS (
  SELECT ${tables('d.refobjid')} WHERE ${owner} AND NOT ${chosen})) OR EXISTS (
  SELECT ${tables("CASE d.classid WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.refobjid ELSE (SELECT a.adrelid FROM pg_catalog.pg_attrdef a WHERE a.oid = d.objid) END")}
  WHERE ((${owner}) OR (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refobjid = c.oid)) AND t.relkind IN ('r', 'p') AND ${chosen}))`;
}

/** A sequence, and whether it belongs to the selection as far as the catalog knows. */
export interface FoundSequence extends ListedSequence {
  readonly known: boolean;
}

/**
 * Lists the sequences of the selection, and those elsewhere of which the catalog knows no user: a function, a trigger or an
 * application may take numbers of them for selected tables. Extensions' own are left out, and those that tables own or take
 * defaults from, which are not selected.
 */
export function listSequences(selection: TableSelection): Statement {
  const may = (right: string): string =>
    `pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(c.oid, '${right}')`;
  const columns = (owner: string): string =>
    `n.nspname AS schema, c.relname AS name, ${may('SELECT')} AS readable, ${may('UPDATE')} AS settable, ${owner}`;
  const schemas = [OWN_SCHEMA, 'information_schema', ...selectedSchemas(selection)];
  return sql(
    `SELECT ${columns('o.schema AS "ownerSchema", o.name AS "ownerTable", o.column AS "ownerColumn", true AS known')} ${fromSequences(selection)}
UNION ALL SELECT ${columns('NULL, NULL, NULL, false')} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN (${schemas.map(quoteLiteral).join(', ')})
AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass)
ORDER BY 1, 2`,
  );
}

/**
 * Finds the sequences of the target: the one that the same column owns there, whatever it is called; else the one of the
 * same name in the schema as it is called there, whether it exists or not.
 */
export function pairSequences(
  from: readonly ListedSequence[],
  to: readonly ListedSequence[],
  names: TargetNames,
): readonly SequencePair[] {
  const owned = new Map(
    to.flatMap((one) => {
      const owner = ownerOf(one);
      return owner === undefined ? [] : [[keyOfOwner(owner.table, owner.column), one] as const];
    }),
  );
  return from.map((one) => {
    const { schema, name } = one;
    const named = { schema: names.schema(schema), name };
    const owner = ownerOf(one);
    if (owner === undefined) return { from: one, to: named };
    const column = names.column(owner.table, owner.column);
    if (column === undefined) return { from: one, to: undefined };
    return { from: one, to: owned.get(keyOfOwner(names.table(owner.table), column)) ?? named };
  });
}

function ownerOf({
  ownerSchema,
  ownerTable,
  ownerColumn,
}: ListedSequence): { readonly table: QualifiedName; readonly column: string } | undefined {
  if (ownerSchema === null || ownerTable === null || ownerColumn === null) return undefined;
  return { table: { schema: ownerSchema, name: ownerTable }, column: ownerColumn };
}

function keyOfOwner(table: QualifiedName, column: string): string {
  return `${quoteQualified(table)}.${quoteIdentifier(column)}`;
}

/** As many sequences as one statement may be asked for by {@link calledSequences}, since each is locked until it ends. */
export const SEQUENCES_AT_ONCE = 1_000;

/**
 * Reads where `sequences` stand that have given out a value; of the others `lastValue` is null. That takes a fraction of what
 * {@link readSequences} does, for each of which the server plans.
 */
export function calledSequences(sequences: readonly QualifiedName[]): Statement {
  return sql(
    'SELECT w.schema, w.name, v.value::text AS "lastValue", v.value IS NOT NULL AS "isCalled", s.seqincrement::text AS increment, s.seqmin::text AS min, s.seqmax::text AS max, s.seqcycle AS cycle FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.name[]), pg_catalog.unnest($2::pg_catalog.name[])) AS w (schema, name) JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid CROSS JOIN LATERAL (SELECT pg_catalog.pg_sequence_last_value(c.oid) AS value OFFSET 0) v',
    [sequences.map(({ schema }) => schema), sequences.map(({ name }) => name)],
  );
}

/** Reads where `sequences` stand, each from itself: the views hide what the reader may not see. */
export function readSequences(sequences: readonly QualifiedName[]): Statement {
  return sql(
    sequences
      .map(
        (sequence) =>
          `SELECT ${quoteLiteral(sequence.schema)} AS schema, ${quoteLiteral(sequence.name)} AS name, p.last_value::text AS "lastValue", p.is_called AS "isCalled", s.seqincrement::text AS increment, s.seqmin::text AS min, s.seqmax::text AS max, s.seqcycle AS cycle FROM ${quoteQualified(sequence)} p, pg_catalog.pg_sequence s WHERE s.seqrelid = ${regclass(sequence)}`,
      )
      .join('\nUNION ALL\n'),
  );
}

/** Sets `positions`. */
export function setSequences(positions: readonly SequencePosition[]): Statement {
  return sql(
    `SELECT ${positions
      .map(
        (position) =>
          `pg_catalog.setval(${regclass(position)}, ${BigInt(position.lastValue)}, ${position.isCalled})`,
      )
      .join(', ')}`,
  );
}

/**
 * Where a sequence goes on, `margin` values ahead. One that was never called stays so. Where the margin leaves no room,
 * as near a limit, the sequence goes on exactly where it stopped: an exhausted one stays exhausted, and one that cycles
 * still does.
 */
export function sequencePosition(state: SequenceState, margin: number): SequencePosition {
  const { schema, name, lastValue, isCalled } = state;
  if (!isCalled) return { schema, name, lastValue, isCalled };
  const ahead = BigInt(lastValue) + BigInt(state.increment) * BigInt(margin);
  const fits = ahead >= BigInt(state.min) && ahead <= BigInt(state.max);
  return { schema, name, lastValue: fits ? String(ahead) : lastValue, isCalled };
}

/**
 * Whether `position` lies ahead of where `there` stands, and within its limits. Of a sequence that others may use there as
 * well, no number may be given out twice.
 */
export function isAhead(position: SequencePosition, there: SequenceState): boolean {
  const wanted = BigInt(position.lastValue);
  if (wanted < BigInt(there.min) || wanted > BigInt(there.max)) return false;
  const distance = (wanted - BigInt(there.lastValue)) * BigInt(there.increment);
  return distance > 0n || (distance === 0n && position.isCalled && !there.isCalled);
}

function regclass(sequence: QualifiedName): string {
  return `${quoteLiteral(quoteQualified(sequence))}::pg_catalog.regclass`;
}
