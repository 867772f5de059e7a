import { quoteIdentifier } from '../identifiers';
import type { TargetNames } from '../verification';
import { lastName, likeness, type Renames } from './renamed-text';
import type { PlacedPart, SchemaPart } from './schema';

/** What differs between two schemas of which one has other names. */
export interface RenamedComparison {
  /** A sentence each, under the names of the target. */
  readonly differences: readonly string[];
  /** Parts whose texts hold names that cannot be told apart, under the names of the source. */
  readonly notCompared: readonly string[];
  /** Parts that are gone together with a column that is left out, under the names of the source. */
  readonly leftOut: readonly string[];
}

/**
 * Compares two schemas of which `to` has the names that `names` gives. Names inside of texts, such as an index's, are
 * followed as far as they are clear; indexes and constraints may have any name of their own. What needs a column that is
 * left out may be missing.
 */
export function renamedDifferences(
  from: readonly PlacedPart[],
  to: readonly PlacedPart[],
  names: TargetNames,
): RenamedComparison {
  return new RenamedSchemas(from, to, names).compare();
}

type Kind = SchemaPart['kind'];

/** No table has that name, since names are quoted. */
const EVERY_TABLE = '*';

const TYPES: readonly Kind[] = ['enum', 'domain', 'composite', 'range'];

class RenamedSchemas {
  private readonly differences: string[] = [];
  private readonly notCompared: string[] = [];
  private readonly leftOut: string[] = [];
  private readonly columns: ReadonlyMap<string, readonly PlacedPart[]>;
  private readonly partsThere: ReadonlyMap<string, readonly PlacedPart[]>;
  private readonly renames = new Map<string, Renames>();

  constructor(
    private readonly from: readonly PlacedPart[],
    private readonly to: readonly PlacedPart[],
    private readonly names: TargetNames,
  ) {
    const columns = of(from, 'column');
    this.columns = new Map([...byTable(columns), [EVERY_TABLE, columns]]);
    this.partsThere = byTable(to);
  }

  public compare(): RenamedComparison {
    for (const kind of ['table', 'column', 'rule', 'row security', 'sequence'] as const)
      this.byPlace(kind);
    for (const kind of ['index', 'constraint', 'policy'] as const) this.byText(kind);
    for (const kind of TYPES) this.types(kind);
    const { differences, notCompared, leftOut } = this;
    return { differences, notCompared, leftOut };
  }

  /** Parts that are found by the table and the column to which they belong. */
  private byPlace(kind: Kind): void {
    const left = new Map(of(this.to, kind).map((part) => [placeOf(part), part]));
    const leftOut: PlacedPart[] = [];
    for (const part of of(this.from, kind)) {
      const place = this.placeThere(part);
      const found = place === undefined ? undefined : left.get(place);
      if (place !== undefined) left.delete(place);
      if (place === undefined) leftOut.push(part);
      else if (found === undefined)
        this.differences.push(`${kind} ${part.name} is missing, as ${place}`);
      else this.judge(part, found);
    }
    // A column that is left out may be there all the same, and empty, unless another one has its name now.
    for (const part of leftOut) {
      const { schema, name } = this.tableThere(part);
      left.delete(placeOf({ ...part, schema, relation: name }));
    }
    // A sequence too many does no harm.
    if (kind !== 'sequence')
      this.differences.push(
        ...[...left.values()].map(({ name }) => `${kind} ${name} is there only`),
      );
  }

  /** Parts that are found by what they say of their table, whatever they are called. */
  private byText(kind: Kind): void {
    const left = new Set(of(this.to, kind));
    const unmatched: PlacedPart[] = [];
    for (const part of of(this.from, kind)) {
      const found = this.candidates(part, left).find((one) => this.likeness(part, one) === 'same');
      if (found === undefined) unmatched.push(part);
      else left.delete(found);
    }
    for (const part of unmatched) this.judgeUnmatched(part, left);
    this.differences.push(...[...left].map(({ name }) => `${kind} ${name} is there only`));
  }

  private judgeUnmatched(part: PlacedPart, left: Set<PlacedPart>): void {
    const candidates = this.candidates(part, left);
    const own = lastName(part.name);
    const found =
      candidates.find((one) => this.likeness(part, one) === 'unclear') ??
      candidates.find((one) => lastName(one.name) === own);
    if (found !== undefined) left.delete(found);
    if (this.needsLeftOut(part))
      (found === undefined ? this.leftOut : this.notCompared).push(`${part.kind} ${part.name}`);
    else if (found !== undefined) this.judge(part, found);
    else this.differences.push(`${part.kind} ${part.name} is missing`);
  }

  /** What columns are made of; a type that is missing shows in its columns. */
  private types(kind: Kind): void {
    const there = new Map(of(this.to, kind).map((part) => [placeOf(part), part]));
    for (const part of of(this.from, kind)) {
      const { schema, relation } = part;
      const moved = placeOf({ schema: this.names.schema(schema ?? ''), relation, column: null });
      const found = there.get(moved) ?? there.get(placeOf(part));
      if (found !== undefined) this.judge(part, found);
    }
  }

  private judge(part: PlacedPart, found: PlacedPart): void {
    const { kind, name, definition } = part;
    const alike = this.likeness(part, found);
    if (alike === 'unclear') this.notCompared.push(`${kind} ${name}`);
    if (alike === 'different')
      this.differences.push(
        `${kind} ${found.name} is "${found.definition}" instead of "${definition}"`,
      );
  }

  private candidates(part: PlacedPart, among: ReadonlySet<PlacedPart>): readonly PlacedPart[] {
    const { schema, name } = this.tableThere(part);
    const found = this.partsThere.get(tableOf({ schema, relation: name })) ?? [];
    return found.filter((one) => among.has(one));
  }

  private tableThere({ schema, relation }: PlacedPart): { schema: string; name: string } {
    return this.names.table({ schema: schema ?? '', name: relation ?? '' });
  }

  private placeThere(part: PlacedPart): string | undefined {
    if (part.kind === 'sequence' && part.column === null)
      return placeOf({ ...part, schema: this.names.schema(part.schema ?? '') });
    const { schema, name } = this.tableThere(part);
    const column = this.columnThere(part);
    return column === undefined ? undefined : placeOf({ schema, relation: name, column });
  }

  /** Undefined if it is left out. */
  private columnThere({ schema, relation, column }: PlacedPart): string | null | undefined {
    if (column === null) return null;
    return this.names.column({ schema: schema ?? '', name: relation ?? '' }, column);
  }

  private likeness(part: PlacedPart, other: PlacedPart): ReturnType<typeof likeness> {
    return likeness(part.definition, other.definition, this.renamesFor(part));
  }

  private needsLeftOut({ needs }: PlacedPart): boolean {
    return (needs ?? []).some(
      ([schema, name, column]) => this.names.column({ schema, name }, column) === undefined,
    );
  }

  /** A foreign key speaks of the columns of another table too. */
  private columnsFor(part: PlacedPart): readonly PlacedPart[] {
    return this.columns.get(contextOf(part)) ?? [];
  }

  private renamesFor(part: PlacedPart): Renames {
    const context = contextOf(part);
    const known = this.renames.get(context);
    if (known !== undefined) return known;
    const renames = new Map([...this.base()].map(([here, there]) => [here, new Set(there)]));
    for (const one of this.columnsFor(part)) add(renames, one.column, this.columnThere(one));
    this.renames.set(context, renames);
    return renames;
  }

  /** What schemas, tables and sequences are called there. */
  private base(): Renames {
    const known = this.renames.get('');
    if (known !== undefined) return known;
    const renames = new Map<string, Set<string>>();
    for (const one of of(this.from, 'table')) {
      add(renames, one.schema, this.names.schema(one.schema ?? ''));
      add(renames, one.relation, this.tableThere(one).name);
    }
    const sequences = new Map(of(this.to, 'sequence').map((one) => [placeOf(one), one]));
    for (const one of of(this.from, 'sequence')) {
      const found = sequences.get(this.placeThere(one) ?? '');
      if (found !== undefined) add(renames, lastName(one.name), lastName(found.name));
    }
    this.renames.set('', renames);
    return renames;
  }
}

function add(
  renames: Map<string, Set<string>>,
  here: string | null,
  there: string | null | undefined,
): void {
  if (here === null || there === null || there === undefined) return;
  renames.set(here, (renames.get(here) ?? new Set()).add(there));
}

/** The table of whose columns a part's text speaks. */
function contextOf(part: PlacedPart): string {
  const everywhere = part.kind === 'constraint' && part.definition.startsWith('FOREIGN KEY');
  return everywhere ? EVERY_TABLE : tableOf(part);
}

function tableOf({ schema, relation }: Pick<PlacedPart, 'schema' | 'relation'>): string {
  return placeOf({ schema, relation, column: null });
}

function byTable(parts: readonly PlacedPart[]): ReadonlyMap<string, readonly PlacedPart[]> {
  const found = new Map<string, PlacedPart[]>();
  for (const part of parts) {
    const there = found.get(tableOf(part));
    if (there === undefined) found.set(tableOf(part), [part]);
    else there.push(part);
  }
  return found;
}

function of(parts: readonly PlacedPart[], kind: Kind): readonly PlacedPart[] {
  return parts.filter((part) => part.kind === kind);
}

function placeOf({
  schema,
  relation,
  column,
}: Pick<PlacedPart, 'schema' | 'relation' | 'column'>): string {
  return [schema, relation, column]
    .flatMap((name) => (name === null ? [] : [quoteIdentifier(name)]))
    .join('.');
}
