import { quoteIdentifier } from '../identifiers';
import type { AccessBefore } from '../objects';
import { type Statement, sql } from '../statement';
import { type CutoverPlan, usesPglogical } from './plan';

/** Who may connect to a database, as its access list says. */
export interface ObservedAccess {
  readonly database: string;
  readonly owner: string;
  /** Roles with CONNECT; the empty name stands for everybody. */
  readonly connect: readonly string[];
  /** Those of them that may grant it to others. */
  readonly grantable: readonly string[];
  /** All roles that exist. */
  readonly roles: readonly string[];
}

/** Who could connect to a database before it was closed, and who was let in by what closed it. */
export interface ClosedAccess extends AccessBefore {
  /** Roles that could not connect before, and are to be kept out again once it is open. */
  readonly given: readonly string[];
}

/** A login that gets past the fence although nobody listed it. */
export interface UnfencedLogin {
  readonly name: string;
  readonly superuser: boolean;
}

/** Somebody else in the database. */
export interface OtherSession {
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  readonly kind: string;
  /** Whether it is a superuser's, which no fence keeps out; the runner's own login is not meant. */
  readonly superuser: boolean;
  /** Whether it is a listed role's, or one of our own, and only its open transaction, which has written, is in the way. */
  readonly writing: boolean;
  /** Whether the server started it, as far as may be seen. Of one that is ending it may have forgotten the kind. */
  readonly worker: boolean;
  /** When it was started; null if that is hidden. */
  readonly started: string | null;
}

/** What may be at work in a fenced database. */
export interface AdmittedSessions {
  /** Roles that may read, and have their log sent. */
  readonly keep: readonly string[];
  /** Subscriptions whose workers apply what the way back brings. */
  readonly subscriptions: readonly string[];
  /** Logins with which AWS DMS applies what the way back brings. */
  readonly writers: readonly string[];
  /** What the kinds of further workers may begin with: those of pglogical have no names that another catalog knows. */
  readonly workers: readonly string[];
}

/** Asks who may connect to the current database. */
export function observeAccess(): Statement {
  return sql(
    `SELECT d.datname AS database, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
  (SELECT pg_catalog.jsonb_agg(r.rolname) FROM pg_catalog.pg_roles r) AS roles,
  (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT CASE WHEN a.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END), '[]')
    FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a WHERE a.privilege_type = 'CONNECT') AS connect,
  (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT pg_catalog.pg_get_userbyid(a.grantee)), '[]')
    FROM pg_catalog.aclexplode(d.datacl) a WHERE a.privilege_type = 'CONNECT' AND a.is_grantable) AS grantable
FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  );
}

/** Grants first, so that the migration never locks itself out; then everybody else loses CONNECT, the owner too. */
export function fenceStatements(
  access: ObservedAccess,
  keep: readonly string[],
): readonly Statement[] {
  return asOwner(access, [
    ...givenByFence(access, keep).map((name) => connectRight('GRANT', name, access.database)),
    ...access.connect
      .filter((name) => !keep.includes(name))
      .map((name) => connectRight('REVOKE', name, access.database)),
  ]);
}

/** Whom a fence lets in who could not connect before. */
export function givenByFence(
  { connect, roles }: ObservedAccess,
  keep: readonly string[],
): readonly string[] {
  return keep.filter((name) => roles.includes(name) && !connect.includes(name));
}

/**
 * Gives CONNECT back to those who had it, and as they had it; roles that were dropped meanwhile need nothing back. Who was
 * let in by hand since stays in. Where not everybody comes in, `named` do too.
 */
export function liftStatements(
  access: ObservedAccess,
  before: ClosedAccess,
  named: readonly string[] = [],
): readonly Statement[] {
  const lacking = (name: string): boolean =>
    !access.connect.includes(name) ||
    (before.grantable.includes(name) && !access.grantable.includes(name));
  const admitted = admittedBy(before, named);
  return asOwner(access, [
    ...admitted
      .filter((name) => name === '' || access.roles.includes(name))
      .filter(lacking)
      .map((name) => connectRight('GRANT', name, access.database, before.grantable.includes(name))),
    ...before.given
      .filter((name) => access.connect.includes(name) && !admitted.includes(name))
      .map((name) => connectRight('REVOKE', name, access.database)),
  ]);
}

/** Who comes in once a database is open again: who could before, and `named` unless that is everybody. */
export function admittedBy(
  { connect }: Pick<AccessBefore, 'connect'>,
  named: readonly string[],
): readonly string[] {
  return connect.includes('') ? connect : [...new Set([...connect, ...named])];
}

/**
 * A member of the owner that holds a grant option itself grants and revokes by that one, and so would not touch what the
 * owner granted. To be run in one transaction.
 */
function asOwner({ owner }: ObservedAccess, statements: readonly Statement[]): Statement[] {
  if (statements.length === 0) return [];
  return [sql(`SET LOCAL ROLE ${quoteIdentifier(owner)}`), ...statements, sql('RESET ROLE')];
}

function connectRight(
  verb: 'GRANT' | 'REVOKE',
  name: string,
  database: string,
  grantable = false,
): Statement {
  const who = name === '' ? 'PUBLIC' : quoteIdentifier(name);
  const direction = verb === 'GRANT' ? 'TO' : 'FROM';
  const option = grantable ? ' WITH GRANT OPTION' : '';
  return sql(
    `${verb} CONNECT ON DATABASE ${quoteIdentifier(database)} ${direction} ${who}${option}`,
  );
}

/**
 * Who was granted CONNECT by somebody else than the owner, who can neither take it away nor give it back like that. Those
 * whom a fence leaves it do not matter.
 */
export function grantsOfOthers(keep: readonly string[]): Statement {
  return sql(
    `SELECT pg_catalog.pg_get_userbyid(a.grantor) AS grantor, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee) END AS grantee FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = pg_catalog.current_database() AND a.privilege_type = 'CONNECT' AND a.grantor <> d.datdba AND (a.grantee = 0 OR pg_catalog.pg_get_userbyid(a.grantee) <> ALL ($1::pg_catalog.name[])) ORDER BY 1, 2 LIMIT 1`,
    [keep],
  );
}

/** Logins that may connect and are neither listed nor superusers: a fence leaves none. */
export function unfencedLogins(keep: readonly string[]): Statement {
  return sql(
    `SELECT r.rolname AS name FROM pg_catalog.pg_roles r WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> ALL ($1::pg_catalog.name[]) AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT') ORDER BY 1`,
    [keep],
  );
}

/** A login that is neither listed nor a superuser, and would be let in as a member of a role that is. */
export function letInWithKept(keep: readonly string[]): Statement {
  return sql(
    `SELECT r.rolname AS name, k.rolname AS kept FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_roles k ON k.rolname = ANY ($1::pg_catalog.name[]) AND pg_catalog.pg_has_role(r.oid, k.oid, 'USAGE') WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> ALL ($1::pg_catalog.name[]) ORDER BY 1, 2 LIMIT 1`,
    [keep],
  );
}

/**
 * Sessions in the database that a fence does not admit. Workers that a scheduler or a subscription started count;
 * autovacuum, the walsenders of listed roles and what only starts jobs, which are looked at themselves, do not. The runner's login is no passport: applications may use it too,
 * so that only sessions with a name of ours are spared, and nobody's while its transaction has written.
 */
export function otherSessions({
  keep,
  subscriptions,
  writers,
  workers,
}: AdmittedSessions): Statement {
  return sql(
    `SELECT pid, role, application, kind, superuser, spared AS writing, worker, started FROM (
  SELECT a.pid, coalesce(a.usename, '') AS role, coalesce(a.application_name, '') AS application, coalesce(a.backend_type, 'client backend') AS kind,
    coalesce(r.rolsuper AND r.rolname <> current_user, false) AS superuser, a.backend_xid AS xid,
    coalesce(a.backend_type, '') NOT IN ('client backend', 'walsender') AS worker, a.backend_start::text AS started,
    CASE
      WHEN a.backend_type = 'walsender' THEN a.usename = current_user OR a.usename = ANY ($1::pg_catalog.name[])
      WHEN a.backend_type <> 'client backend' THEN false
      WHEN a.usename = current_user THEN a.application_name LIKE 'pontoon %'
      ELSE a.usename = ANY ($1::pg_catalog.name[])
    END IS TRUE AS spared
  FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
  WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
    AND coalesce(a.backend_type, '') NOT IN ('autovacuum worker', 'parallel worker', 'slotsync worker', 'pg_cron launcher')
    AND NOT (coalesce(a.backend_type, '') LIKE 'logical replication%' AND a.pid IN (SELECT s.pid FROM pg_catalog.pg_stat_subscription s WHERE s.subname = ANY ($2::pg_catalog.name[])))
    AND NOT (coalesce(a.backend_type, '') = 'client backend' AND a.usename = ANY ($3::pg_catalog.name[]))
    AND NOT coalesce(a.backend_type, '') ^@ ANY ($4::text[])
) sessions WHERE xid IS NOT NULL OR NOT spared ORDER BY pid`,
    [keep, subscriptions, writers, workers],
  );
}

/** What may be at work behind the fence of `plan`. */
export function admittedTo(plan: CutoverPlan): AdmittedSessions {
  const { from, keep, reverse = [] } = plan;
  return {
    keep: keep[from] ?? [],
    subscriptions: reverse.flatMap(({ subscription }) => subscription ?? []),
    writers: reverse.flatMap(({ writer }) => writer ?? []),
    // A subscription that is none of the plan’s is looked for before.
    workers: usesPglogical(plan) ? ['pglogical '] : [],
  };
}

/** Sessions of the runner's login that are none of ours: an application that uses it gets past every fence. */
export function sessionsOfRunner(): Statement {
  return sql(
    `SELECT pid, usename AS role, coalesce(application_name, '') AS application FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND usename = current_user AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid() AND coalesce(application_name, '') NOT LIKE 'pontoon %' ORDER BY pid LIMIT 1`,
  );
}

/** Ends sessions. False for one that could not be signalled. */
export function terminate(pids: readonly number[]): Statement {
  return sql(
    'SELECT p.pid, pg_catalog.pg_terminate_backend(p.pid) AS signalled FROM pg_catalog.unnest($1::int[]) AS p (pid)',
    [pids],
  );
}

/** Transactions that were prepared in this database: they outlive their sessions, and could be committed behind a fence. */
export function preparedTransactions(): Statement {
  return sql(
    'SELECT gid AS name, owner AS role FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY 1',
  );
}
