import { requireCapability } from '../capabilities';
import { PontoonError } from '../errors';
import { type QualifiedName, quoteIdentifier, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import {
  readSelection,
  rowFilterSql,
  selectedTable,
  selectionProblems,
  selectionSql,
  selectionUses,
  type TableSelection,
} from '../table-selection';
import { partNameProblem } from '../topology';
import { canaryTable } from './canary';
import { type ObjectKind, type Step, step } from './object';

/**
 * A publication of exactly the selected tables that exist when it is reconciled. The tables are listed one by one,
 * since `FOR ALL TABLES` and `FOR TABLES IN SCHEMA` need a superuser and would publish this library's own schema.
 */
export interface PublicationSpec {
  readonly kind: 'publication';
  /** The publication's name. */
  readonly name: string;
  /** What is published. */
  readonly selection: TableSelection;
  /** Whether changes of partitions are published under the name of the partitioned table. */
  readonly viaPartitionRoot: boolean;
  /** Whether the canary is published too, by which a cutover sees that everything has arrived. */
  readonly canary?: boolean;
  /** The part that the publication holds, if others hold other parts, each with a canary of its own. */
  readonly canaryPart?: string;
}

/** A table of a publication, and whether that has a filter or a list of columns for it. */
interface PublishedPart extends QualifiedName {
  readonly filtered: boolean;
  readonly listed: boolean;
}

/** What a server says of a publication, and of the tables that could belong to it. */
export interface ObservedPublication {
  readonly exists: boolean;
  readonly operations: readonly string[];
  readonly viaPartitionRoot: boolean;
  readonly published: readonly PublishedPart[];
  readonly selected: readonly QualifiedName[];
}

/** Publications. */
export const publication: ObjectKind<PublicationSpec, ObservedPublication> = {
  kind: 'publication',
  read(reader) {
    const selection = reader.object('selection', readSelection);
    reader.check('selection', (what) => selectionProblems(selection, what));
    const canaryPart = reader.optionalTextThat('canaryPart', partNameProblem);
    return {
      kind: 'publication',
      name: reader.name('name'),
      selection,
      viaPartitionRoot: reader.flag('viaPartitionRoot', true),
      canary: reader.flag('canary', false),
      ...(canaryPart === undefined ? {} : { canaryPart }),
    };
  },
  name: (spec) => spec.name,
  secrets: () => [],
  observe: observePublication,
  observed: (row) => row?.publication as ObservedPublication | undefined,
  occupied: (observed) => observed.exists,
  plan(spec, observed, { server, applied }) {
    checkVersion(spec, server.major);
    const tables = wantedTables(spec, observed);
    const name = quoteIdentifier(spec.name);
    if (observed?.exists !== true) {
      return [
        step(
          `create publication ${name} for ${tables.length} tables`,
          sql(
            `CREATE PUBLICATION ${name} FOR TABLE ${tableList(spec, tables)} WITH (${options(spec)})`,
          ),
        ),
      ];
    }
    const steps: Step[] = [];
    const same =
      sameTables(spec, observed.published, tables) && sameParts(spec, applied?.earlier ?? []);
    if (!same) {
      steps.push(
        step(
          `publish ${tables.length} tables by ${name}`,
          sql(`ALTER PUBLICATION ${name} SET TABLE ${tableList(spec, tables)}`),
        ),
      );
    }
    if (
      observed.viaPartitionRoot !== spec.viaPartitionRoot ||
      observed.operations.length !== OPERATIONS.length
    ) {
      steps.push(
        step(
          `set the options of publication ${name}`,
          sql(`ALTER PUBLICATION ${name} SET (${options(spec)})`),
        ),
      );
    }
    return steps;
  },
  drop: (spec, observed) => {
    if (!observed.exists) return [];
    const name = quoteIdentifier(spec.name);
    return [step(`drop publication ${name}`, sql(`DROP PUBLICATION ${name}`))];
  },
};

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

function options(spec: PublicationSpec): string {
  return `publish = '${OPERATIONS.join(', ')}', publish_via_partition_root = ${spec.viaPartitionRoot}`;
}

function checkVersion(spec: PublicationSpec, major: number): void {
  const uses = selectionUses(spec.selection);
  if (uses.rowFilters) {
    requireCapability(major, 'row-filter', {
      what: 'rowFilters',
      wayOut: 'remove them or replicate by DMS',
    });
  }
  if (uses.columns) {
    requireCapability(major, 'column-list', {
      what: 'columns',
      wayOut: 'remove them or replicate by DMS',
    });
  }
}

function wantedTables(
  spec: PublicationSpec,
  observed: ObservedPublication | undefined,
): readonly QualifiedName[] {
  const selected = observed?.selected ?? [];
  const missing = (spec.selection.tables ?? []).filter(
    (table) =>
      !selected.some((other) => other.schema === table.schema && other.name === table.name),
  );
  if (missing.length > 0) {
    throw new PontoonError(
      'MISSING_TABLES',
      `'tables' of publication ${quoteIdentifier(spec.name)} must exist, got none called ${missing.map(quoteQualified).join(', ')}; create them or correct the selection`,
    );
  }
  if (selected.length === 0) {
    throw new PontoonError(
      'EMPTY_SELECTION',
      `'selection' of publication ${quoteIdentifier(spec.name)} must match at least one table, got none; correct the schemas`,
    );
  }
  return spec.canary === true ? [...selected, canaryTable(spec.canaryPart)] : selected;
}

function tableList(spec: PublicationSpec, tables: readonly QualifiedName[]): string {
  return tables
    .map((table) => {
      const part = selectedTable(spec.selection, table);
      const columns =
        part?.columns === undefined ? '' : ` (${part.columns.map(quoteIdentifier).join(', ')})`;
      const filters = part?.rowFilters ?? [];
      // Without ONLY the children that inherit from a table would be published with it, selected or not.
      return `ONLY ${quoteQualified(table)}${columns}${filters.length > 0 ? ` WHERE (${rowFilterSql(filters)})` : ''}`;
    })
    .join(', ');
}

function sameTables(
  { selection }: PublicationSpec,
  published: readonly PublishedPart[],
  wanted: readonly QualifiedName[],
): boolean {
  const there = new Map(published.map((table) => [quoteQualified(table), table]));
  return (
    published.length === wanted.length &&
    wanted.every((table) => {
      const found = there.get(quoteQualified(table));
      const { columns, rowFilters = [] } = selectedTable(selection, table) ?? {};
      return found?.filtered === rowFilters.length > 0 && found.listed === (columns !== undefined);
    })
  );
}

/** Filters are stored rewritten by the server, so that what they say is compared with what was applied last. */
function sameParts(spec: PublicationSpec, earlier: readonly PublicationSpec[]): boolean {
  const parts = (from: PublicationSpec): string =>
    JSON.stringify((from.selection.tables ?? []).map((table) => tableList(from, [table])).sort());
  if (earlier.length === 0) {
    const uses = selectionUses(spec.selection);
    return !uses.rowFilters && !uses.columns;
  }
  return earlier.every((one) => parts(spec) === parts(one));
}

/** With `publish_via_partition_root` the roots stand for their partitions; without it the partitions themselves count. */
function observePublication(spec: PublicationSpec): Statement {
  const leaf = spec.viaPartitionRoot ? 'NOT c.relispartition' : `c.relkind = 'r'`;
  return sql(
    `SELECT pg_catalog.jsonb_build_object(
  'exists', p.oid IS NOT NULL,
  'operations', pg_catalog.to_jsonb(pg_catalog.array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL)),
  'viaPartitionRoot', coalesce(p.pubviaroot, false),
  'published', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname, 'filtered', j ->> 'prqual' IS NOT NULL, 'listed', j ->> 'prattrs' IS NOT NULL)), '[]')
    FROM pg_catalog.pg_publication_rel r CROSS JOIN LATERAL pg_catalog.to_jsonb(r) AS j JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid),
  'selected', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname) ORDER BY n.nspname, c.relname), '[]')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND ${leaf} AND ${selectionSql(spec.selection, 'n.nspname', 'c.relname')})
) AS publication
FROM (SELECT $1::pg_catalog.name AS wanted) w LEFT JOIN pg_catalog.pg_publication p ON p.pubname = w.wanted`,
    [spec.name],
  );
}
