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
  /** All roles that exist. */
  readonly roles: readonly string[];
}

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
  before: (observed) => ({ connect: observed?.connect ?? [] }),
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
    const before = applied?.before.connect;
    const earlier = Array.isArray(before) ? before.filter((name) => typeof name === 'string') : [];
    const given = spec.keep.filter(
      (name) => name !== observed.owner && observed.connect.includes(name),
    );
    return [
      ...earlier
        .filter((name) => !observed.connect.includes(name))
        // One that was dropped meanwhile needs nothing back.
        .filter((name) => name === '' || observed.roles.includes(name))
        .map((name) => connectRight('GRANT', name, observed.database)),
      ...given
        .filter((name) => !earlier.includes(name))
        .map((name) => connectRight('REVOKE', name, observed.database)),
    ];
  },
};

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

function connectRight(verb: 'GRANT' | 'REVOKE', name: string, database: string): Step {
  const who = name === '' ? 'PUBLIC' : quoteIdentifier(name);
  const direction = verb === 'GRANT' ? 'TO' : 'FROM';
  return step(
    verb === 'GRANT' ? `let ${who} connect` : `no longer let ${who} connect`,
    sql(`${verb} CONNECT ON DATABASE ${quoteIdentifier(database)} ${direction} ${who}`),
  );
}

function observeGuard(): Statement {
  return sql(
    `SELECT pg_catalog.jsonb_build_object(
  'database', d.datname,
  'owner', pg_catalog.pg_get_userbyid(d.datdba),
  'roles', (SELECT pg_catalog.jsonb_agg(r.rolname) FROM pg_catalog.pg_roles r),
  'connect', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT CASE WHEN a.grantee = 0 THEN ${quoteLiteral('')} ELSE pg_catalog.pg_get_userbyid(a.grantee) END), '[]')
    FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a WHERE a.privilege_type = 'CONNECT')
) AS guard FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  );
}
