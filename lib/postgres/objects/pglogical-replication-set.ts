import { PontoonError } from '../errors';
import { type QualifiedName, quoteIdentifier, quoteLiteral, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { readSelection, selectionProblems, type TableSelection } from '../table-selection';
import { pglogicalSelectionProblems } from '../topology';
import { CANARY_TABLE } from './canary';
import { type ObjectKind, type Step, step } from './object';
import {
  INSERT_ONLY,
  type ObservedPglogicalSets,
  observePglogicalSets,
  pglogicalSets,
  type SelectedPglogicalTable,
} from './observed-pglogical-sets';

/**
 * What a node of pglogical sends: exactly the selected tables that exist when it is reconciled, partitions instead of what
 * they are part of. There are two sets, since one of them sends no changes of rows that are there: `<name>`, and
 * `<name>_insert_only`.
 */
export interface PglogicalReplicationSetSpec {
  readonly kind: 'pglogical-replication-set';
  /** The name of the set with the tables that have a key. */
  readonly name: string;
  /** What is sent. */
  readonly selection: TableSelection;
  /** Tables of the selection without a key, of which only new rows are sent: their rows are never changed or deleted. */
  readonly insertOnly: readonly QualifiedName[];
  /** Whether the canary is sent too, by which a cutover sees that everything has arrived. */
  readonly canary: boolean;
  /** Whether the rows of a table that is added later are copied to whoever subscribes by then. */
  readonly copyData: boolean;
}

/** The output plugin of pglogical. */
export const PGLOGICAL_OUTPUT = 'pglogical_output';

/** Replication sets of pglogical. */
export const pglogicalReplicationSet: ObjectKind<
  PglogicalReplicationSetSpec,
  ObservedPglogicalSets
> = {
  kind: 'pglogical-replication-set',
  read(reader) {
    const selection = reader.object('selection', readSelection);
    reader.check('selection', (what) => [
      ...selectionProblems(selection, what),
      ...pglogicalSelectionProblems(selection, what),
    ]);
    return {
      kind: 'pglogical-replication-set',
      name: reader.name('name'),
      selection,
      insertOnly:
        reader.optionalList('insertOnly', (table) => ({
          schema: table.name('schema'),
          name: table.name('name'),
        })) ?? [],
      canary: reader.flag('canary', false),
      copyData: reader.flag('copyData', true),
    };
  },
  name: (spec) => spec.name,
  secrets: () => [],
  observe: ({ name, selection }) => observePglogicalSets(name, selection),
  observed: (row) => row?.sets as ObservedPglogicalSets | undefined,
  occupied: ({ sets }) => sets.length > 0,
  plan(spec, observed) {
    if (observed?.node !== true) {
      throw new PontoonError(
        'NO_NODE',
        `replication set ${quoteIdentifier(spec.name)} requires a pglogical node in the database, got none; apply {"kind":"pglogical-node"} first`,
      );
    }
    requirePlugin(spec, observed);
    return Object.entries(wantedTables(spec, observed)).flatMap(([set, tables]) =>
      planSet(spec, set, tables, observed),
    );
  },
  drop: (_spec, { sets }) =>
    sets.map((set) =>
      step(
        `drop replication set ${quoteIdentifier(set)}`,
        sql(`SELECT pglogical.drop_replication_set(${quoteLiteral(set)})`),
      ),
    ),
};

/** The tables of each set. */
function wantedTables(
  spec: PglogicalReplicationSetSpec,
  { selected }: ObservedPglogicalSets,
): Readonly<Record<string, readonly QualifiedName[]>> {
  const only = new Set(spec.insertOnly.map(quoteQualified));
  const isOnly = (table: SelectedPglogicalTable): boolean =>
    namesOf(table).some((name) => only.has(name));
  refuseUnfit(spec, selected, isOnly);
  const [keyed, insertOnly] = pglogicalSets(spec.name);
  const plain = ({ schema, name }: QualifiedName): QualifiedName => ({ schema, name });
  return {
    [keyed]: [
      ...selected.filter((table) => !isOnly(table)).map(plain),
      ...(spec.canary ? [CANARY_TABLE] : []),
    ],
    [insertOnly]: selected.filter(isOnly).map(plain),
  };
}

/** A partition is meant by the names of the tables above it too. */
function namesOf({ above, ...table }: SelectedPglogicalTable): readonly string[] {
  return [table, ...above].map(quoteQualified);
}

function refuseUnfit(
  spec: PglogicalReplicationSetSpec,
  selected: readonly SelectedPglogicalTable[],
  isOnly: (table: SelectedPglogicalTable) => boolean,
): void {
  const known = new Set(selected.flatMap(namesOf));
  const named = [...(spec.selection.tables ?? []), ...spec.insertOnly].map(quoteQualified);
  refuse(spec, 'MISSING_TABLES', {
    found: named.filter((table) => !known.has(table)),
    rule: 'must name tables that exist and are selected',
    wayOut: 'create them or correct the selection',
  });
  refuse(spec, 'EMPTY_SELECTION', {
    found: selected.length === 0 ? ['none'] : [],
    rule: 'must hold at least one table',
    wayOut: 'correct the schemas',
  });
  refuse(spec, 'GENERATED_COLUMNS', {
    found: selected.flatMap((table) =>
      table.generated.map((column) => `${quoteQualified(table)}.${quoteIdentifier(column)}`),
    ),
    rule: 'cannot hold tables with generated columns, which pglogical copies as if they were written',
    wayOut:
      'carry the table by a NATIVE link, or make the column a plain one for as long as the migration lasts (ALTER TABLE … ALTER COLUMN … DROP EXPRESSION)',
  });
  refuse(spec, 'NO_KEY', {
    found: selected.filter((table) => !table.keyed && !isOnly(table)).map(quoteQualified),
    rule: 'must hold tables with a key by which rows are found',
    wayOut:
      "add a primary key or set REPLICA IDENTITY USING INDEX, or list the table in 'insertOnly' if its rows are never changed or deleted",
  });
}

function refuse(
  { name }: PglogicalReplicationSetSpec,
  code: string,
  said: { readonly found: readonly string[]; readonly rule: string; readonly wayOut: string },
): void {
  if (said.found.length === 0) return;
  throw new PontoonError(
    code,
    `replication set ${quoteIdentifier(name)} ${said.rule}, got ${said.found.join(', ')}; ${said.wayOut}`,
  );
}

/** Newer minors let nobody read a slot by a plugin that the server does not name. */
function requirePlugin(
  { name }: PglogicalReplicationSetSpec,
  { plugins }: ObservedPglogicalSets,
): void {
  if (plugins === null || plugins.split(/[ ,"]+/).includes(PGLOGICAL_OUTPUT)) return;
  throw new PontoonError(
    'PLUGIN_REFUSED',
    `'output_plugin_libraries' must name ${PGLOGICAL_OUTPUT} for replication set ${quoteIdentifier(name)} to be read, got ${plugins}; add it and reload the server`,
  );
}

function planSet(
  { copyData }: PglogicalReplicationSetSpec,
  set: string,
  wanted: readonly QualifiedName[],
  { sets, members }: ObservedPglogicalSets,
): Step[] {
  const there = members.filter((member) => member.set === set);
  const added = without(wanted, there);
  const removed = without(there, wanted);
  const name = quoteIdentifier(set);
  const each = (tables: readonly QualifiedName[], call: string): Statement =>
    sql(
      `SELECT pglogical.${call} FROM pg_catalog.unnest(ARRAY[${tables.map((table) => quoteLiteral(quoteQualified(table))).join(', ')}]) AS t (name)`,
    );
  return [
    ...(sets.includes(set) ? [] : [createSet(set)]),
    ...(removed.length === 0
      ? []
      : [
          step(
            `take ${removed.length} tables out of replication set ${name}`,
            each(
              removed,
              `replication_set_remove_table(${quoteLiteral(set)}, t.name::pg_catalog.regclass)`,
            ),
          ),
        ]),
    ...(added.length === 0
      ? []
      : [
          step(
            `add ${added.length} tables to replication set ${name}`,
            each(
              added,
              `replication_set_add_table(${quoteLiteral(set)}, t.name::pg_catalog.regclass, ${copyData})`,
            ),
          ),
        ]),
  ];
}

function createSet(set: string): Step {
  const changes = set.endsWith(INSERT_ONLY) ? 'false, false' : 'true, true';
  return step(
    `create replication set ${quoteIdentifier(set)}`,
    sql(`SELECT pglogical.create_replication_set(${quoteLiteral(set)}, true, ${changes}, true)`),
  );
}

function without(
  tables: readonly QualifiedName[],
  others: readonly QualifiedName[],
): readonly QualifiedName[] {
  const known = new Set(others.map(quoteQualified));
  return tables.filter((table) => !known.has(quoteQualified(table)));
}
