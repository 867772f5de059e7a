import { quoteIdentifier } from '../identifiers';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
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
}

/** What a server says of the canary's table. */
export interface ObservedCanary {
  readonly exists: boolean;
  /** Roles that may read it, other than its owner. */
  readonly readers: readonly string[];
  /** Roles that may write it, other than its owner. */
  readonly writers: readonly string[];
}

/** The canary's table. */
export const CANARY_TABLE = { schema: OWN_SCHEMA, name: 'canary' } as const;

const TABLE = `${OWN_SCHEMA}.canary`;

/** Canaries. */
export const canary: ObjectKind<CanarySpec, ObservedCanary> = {
  kind: 'canary',
  read: (reader) => ({
    kind: 'canary',
    readers: reader.names('readers'),
    writers: reader.names('writers'),
  }),
  name: () => 'canary',
  secrets: () => [],
  observe: observeCanary,
  observed: (row) => row?.canary as ObservedCanary | undefined,
  occupied: (observed) => observed.exists,
  plan: (spec, observed) => [
    ...(observed?.exists === true ? [] : [createTable()]),
    ...change('GRANT', 'SELECT', without(readersOf(spec), observed?.readers ?? [])),
    ...change('GRANT', WRITES, without(spec.writers, observed?.writers ?? [])),
    ...change('REVOKE', WRITES, without(observed?.writers ?? [], spec.writers)),
    ...change('REVOKE', 'SELECT', without(observed?.readers ?? [], readersOf(spec))),
  ],
  drop: (_spec, observed) =>
    observed.exists
      ? [
          ...change('REVOKE', 'SELECT', observed.readers),
          step('drop the canary', sql(`DROP TABLE ${TABLE}`)),
        ]
      : [],
};

const WRITES = 'INSERT, UPDATE, DELETE';

/** Who writes also looks up what is to be changed. */
function readersOf({ readers, writers }: CanarySpec): readonly string[] {
  return [...new Set([...readers, ...writers])];
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  return names.filter((name) => !others.includes(name));
}

function createTable(): Step {
  return step(
    'create the canary',
    sql(
      `CREATE TABLE ${TABLE} (migration text PRIMARY KEY, mark text NOT NULL, written_at timestamptz NOT NULL)`,
    ),
  );
}

/** Whoever reads the table needs its schema too. */
function change(verb: 'GRANT' | 'REVOKE', right: string, names: readonly string[]): Step[] {
  const direction = verb === 'GRANT' ? 'TO' : 'FROM';
  return names
    .map(quoteIdentifier)
    .flatMap((name) => [
      ...(right === 'SELECT'
        ? [
            step(
              `${verb.toLowerCase()} the use of the canary’s schema ${direction.toLowerCase()} ${name}`,
              sql(`${verb} USAGE ON SCHEMA ${OWN_SCHEMA} ${direction} ${name}`),
            ),
          ]
        : []),
      step(
        `${verb.toLowerCase()} ${right} on the canary ${direction.toLowerCase()} ${name}`,
        sql(`${verb} ${right} ON ${TABLE} ${direction} ${name}`),
      ),
    ]);
}

function observeCanary(): Statement {
  const roles = (right: string): string =>
    `(SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT pg_catalog.pg_get_userbyid(a.grantee)), '[]') FROM pg_catalog.aclexplode(c.relacl) a WHERE a.grantee NOT IN (0, c.relowner) AND a.privilege_type = '${right}')`;
  return sql(
    `SELECT pg_catalog.jsonb_build_object('exists', c.oid IS NOT NULL, 'readers', ${roles('SELECT')}, 'writers', ${roles('INSERT')}) AS canary FROM (SELECT pg_catalog.to_regclass('${TABLE}') AS wanted) w LEFT JOIN pg_catalog.pg_class c ON c.oid = w.wanted`,
  );
}
