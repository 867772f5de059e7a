import { type QualifiedName, quoteIdentifier } from '../identifiers';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { partName, partNameProblem } from '../topology';
import { type ObjectKind, type Step, step } from './object';

/**
 * The one table of ours that is replicated: its row travels like any other, so that its arrival shows that
 * everything before it has arrived too. It must be on both servers of a path, under the same name.
 */
export interface CanarySpec {
  readonly kind: 'canary';
  /** Roles that copy and decode it, such as the one that a subscription logs in with. */
  readonly readers: readonly string[];
  /** Roles that write it on the receiving server, such as that of AWS DMS. */
  readonly writers: readonly string[];
  /** Parts of the tables that travel apart, each with a table of its own: what arrives one way proves nothing of another. */
  readonly parts?: readonly string[];
}

/** What a server says of one of the canary's tables. */
export interface ObservedCanaryTable {
  readonly name: string;
  /** Roles that may read it, other than its owner. */
  readonly readers: readonly string[];
  /** Roles that may write it, other than its owner. */
  readonly writers: readonly string[];
}

/** What a server says of the canary's tables. */
export interface ObservedCanary {
  readonly tables: readonly ObservedCanaryTable[];
}

/** The canary's table, on the way of `part` if that travels apart. */
export function canaryTable(part?: string): QualifiedName {
  return { schema: OWN_SCHEMA, name: partName('canary', part) };
}

/** The canary's table. */
export const CANARY_TABLE = canaryTable();

/** Canaries. */
export const canary: ObjectKind<CanarySpec, ObservedCanary> = {
  kind: 'canary',
  read(reader) {
    const parts = reader.optionalTexts('parts') ?? [];
    for (const [index, part] of parts.entries())
      reader.check(`parts[${index}]`, (what) => {
        const problem = partNameProblem(part, what);
        return problem === undefined ? [] : [problem];
      });
    return {
      kind: 'canary',
      readers: reader.names('readers'),
      writers: reader.names('writers'),
      ...(parts.length === 0 ? {} : { parts }),
    };
  },
  name: () => 'canary',
  secrets: () => [],
  observe: observeCanary,
  observed: (row) => row?.canary as ObservedCanary | undefined,
  occupied: ({ tables }) => tables.length > 0,
  plan(spec, observed) {
    const there = observed?.tables ?? [];
    const wanted = namesOf(spec);
    return [
      ...wanted.flatMap((name) =>
        planTable(
          spec,
          name,
          there.find((table) => table.name === name),
        ),
      ),
      ...there.filter(({ name }) => !wanted.includes(name)).map(({ name }) => dropTable(name)),
    ];
  },
  drop: (_spec, { tables }) =>
    tables.flatMap(({ name, readers }) => [
      ...change('REVOKE', 'SELECT', readers, name),
      dropTable(name),
    ]),
};

const WRITES = 'INSERT, UPDATE, DELETE';

function namesOf({ parts = [] }: CanarySpec): readonly string[] {
  return [undefined, ...parts].map((part) => canaryTable(part).name);
}

function planTable(
  spec: CanarySpec,
  name: string,
  observed: ObservedCanaryTable | undefined,
): Step[] {
  const { readers = [], writers = [] } = observed ?? {};
  return [
    ...(observed === undefined ? [createTable(name)] : []),
    ...change('GRANT', 'SELECT', without(readersOf(spec), readers), name),
    ...change('GRANT', WRITES, without(spec.writers, writers), name),
    ...change('REVOKE', WRITES, without(writers, spec.writers), name),
    ...change('REVOKE', 'SELECT', without(readers, readersOf(spec)), name),
  ];
}

/** Who writes also looks up what is to be changed. */
function readersOf({ readers, writers }: CanarySpec): readonly string[] {
  return [...new Set([...readers, ...writers])];
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  return names.filter((name) => !others.includes(name));
}

function createTable(name: string): Step {
  return step(
    `create the ${name}`,
    sql(
      `CREATE TABLE ${OWN_SCHEMA}.${name} (migration text PRIMARY KEY, mark text NOT NULL, written_at timestamptz NOT NULL)`,
    ),
  );
}

function dropTable(name: string): Step {
  return step(`drop the ${name}`, sql(`DROP TABLE ${OWN_SCHEMA}.${name}`));
}

/** Whoever reads the table needs its schema too, which those of parts share. */
function change(
  verb: 'GRANT' | 'REVOKE',
  right: string,
  roles: readonly string[],
  table: string,
): Step[] {
  const direction = verb === 'GRANT' ? 'TO' : 'FROM';
  const opens = right === 'SELECT' && table === CANARY_TABLE.name;
  return roles
    .map(quoteIdentifier)
    .flatMap((role) => [
      ...(opens
        ? [
            step(
              `${verb.toLowerCase()} the use of the canary’s schema ${direction.toLowerCase()} ${role}`,
              sql(`${verb} USAGE ON SCHEMA ${OWN_SCHEMA} ${direction} ${role}`),
            ),
          ]
        : []),
      step(
        `${verb.toLowerCase()} ${right} on the ${table} ${direction.toLowerCase()} ${role}`,
        sql(`${verb} ${right} ON ${OWN_SCHEMA}.${table} ${direction} ${role}`),
      ),
    ]);
}

function observeCanary(): Statement {
  const roles = (right: string): string =>
    `(SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT pg_catalog.pg_get_userbyid(a.grantee)), '[]') FROM pg_catalog.aclexplode(c.relacl) a WHERE a.grantee NOT IN (0, c.relowner) AND a.privilege_type = '${right}')`;
  return sql(
    `SELECT pg_catalog.jsonb_build_object('tables', coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', c.relname, 'readers', ${roles('SELECT')}, 'writers', ${roles('INSERT')}) ORDER BY c.relname), '[]')) AS canary FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '${OWN_SCHEMA}' AND c.relkind = 'r' AND c.relname ~ '^canary(_[a-z0-9_]+)?$'`,
  );
}
