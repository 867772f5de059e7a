import { PontoonError } from '../errors';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';
import { type ObjectKind, type PlanContext, type Step, step } from './object';

/**
 * Lets only named roles connect to a database, so that no application writes to a migration's target before it is
 * opened. Dropping the guard gives back exactly the access that was there before. Once a cutover has let applications
 * in, the guard changes nothing any more: what it says of roles holds before the opening only.
 */
export interface ConnectionGuardSpec {
  readonly kind: 'connection-guard';
  /** The roles that may connect, beside the database's owner and superusers. */
  readonly keep: readonly string[];
}

/** Who may connect to a database. */
export interface ObservedGuard {
  readonly database: string;
  readonly owner: string;
  /** Roles with the right to connect; the empty name stands for everybody. */
  readonly connect: readonly string[];
  /** Those of them that may grant it to others. */
  readonly grantable: readonly string[];
  /** All roles that exist. */
  readonly roles: readonly string[];
}

/** Who could connect to a database before it was closed, and who could grant that to others. */
export type AccessBefore = Pick<ObservedGuard, 'connect' | 'grantable'>;

/** Connection guards. */
export const connectionGuard: ObjectKind<ConnectionGuardSpec, ObservedGuard> = {
  kind: 'connection-guard',
  read(reader) {
    const keep = reader.names('keep');
    reader.check('keep', (what) => keep.flatMap((name, index) => publicProblem(name, what, index)));
    return { kind: 'connection-guard', keep };
  },
  name: () => 'connection-guard',
  secrets: () => [],
  observe: observeGuard,
  observed: (row) => row?.guard as ObservedGuard | undefined,
  occupied: () => false,
  before: (observed) => ({
    connect: observed?.connect ?? [],
    grantable: observed?.grantable ?? [],
  }),
  plan(spec, observed, { applied }) {
    if (observed === undefined)
      throw new PontoonError(
        'UNREADABLE',
        'the access list of the database cannot be read; check the role of the runner',
      );
    if (isLifted(applied)) return [];
    const unwanted = observed.connect.filter(
      (name) => name !== observed.owner && !spec.keep.includes(name),
    );
    const missing = spec.keep.filter(
      (name) => name !== observed.owner && !observed.connect.includes(name),
    );
    return [
      ...missing.map((name) => connectRight('GRANT', name, observed.database)),
      ...unwanted.map((name) => connectRight('REVOKE', name, observed.database)),
    ];
  },
  drop(spec, observed, { applied }) {
    if (isLifted(applied)) return [];
    const { connect: earlier, grantable } = accessBefore(applied?.before ?? {});
    const given = spec.keep.filter(
      (name) => name !== observed.owner && observed.connect.includes(name),
    );
    return [
      ...earlier
        .filter((name) => !observed.connect.includes(name))
        // One that was dropped meanwhile needs nothing back.
        .filter((name) => name === '' || observed.roles.includes(name))
        .map((name) => connectRight('GRANT', name, observed.database, grantable.includes(name))),
      ...given
        .filter((name) => !earlier.includes(name))
        .map((name) => connectRight('REVOKE', name, observed.database)),
    ];
  },
};

/** Who could connect before the guard, as the ledger remembers it. */
export function accessBefore(before: object): AccessBefore {
  const names = (key: keyof AccessBefore): readonly string[] => {
    const found: unknown = Reflect.get(before, key);
    return Array.isArray(found) ? found.filter((name) => typeof name === 'string') : [];
  };
  return { connect: names('connect'), grantable: names('grantable') };
}

/** Whether a cutover has let applications in. */
function isLifted(applied: PlanContext<ConnectionGuardSpec>['applied']): boolean {
  return typeof applied?.before.letIn === 'string';
}

/** Quoted or not, PostgreSQL takes the name for the keyword. */
function publicProblem(name: string, what: string, index: number): readonly string[] {
  if (name !== 'public') return [];
  return [
    `'${what}[${index}]' cannot be "public", which PostgreSQL takes for everybody; name roles`,
  ];
}

function connectRight(
  verb: 'GRANT' | 'REVOKE',
  name: string,
  database: string,
  grantable = false,
): Step {
  const who = name === '' ? 'PUBLIC' : quoteIdentifier(name);
  const direction = verb === 'GRANT' ? 'TO' : 'FROM';
  return step(
    verb === 'GRANT' ? `let ${who} connect` : `no longer let ${who} connect`,
    sql(
      `${verb} CONNECT ON DATABASE ${quoteIdentifier(database)} ${direction} ${who}${grantable ? ' WITH GRANT OPTION' : ''}`,
    ),
  );
}

function observeGuard(): Statement {
  return sql(
    `SELECT pg_catalog.jsonb_build_object(
  'database', d.datname,
  'owner', pg_catalog.pg_get_userbyid(d.datdba),
  'roles', (SELECT pg_catalog.jsonb_agg(r.rolname) FROM pg_catalog.pg_roles r),
  'connect', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT CASE WHEN a.grantee = 0 THEN ${quoteLiteral('')} ELSE pg_catalog.pg_get_userbyid(a.grantee) END), '[]')
    FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a WHERE a.privilege_type = 'CONNECT'),
  'grantable', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT pg_catalog.pg_get_userbyid(a.grantee)), '[]')
    FROM pg_catalog.aclexplode(d.datacl) a WHERE a.privilege_type = 'CONNECT' AND a.is_grantable)
) AS guard FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  );
}
