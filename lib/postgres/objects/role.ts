import { PontoonError } from '../errors';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, secretSql, sql } from '../statement';
import { type ObjectKind, type PlanContext, type ResolvedSecret, type Step, step } from './object';

/** A role that replication logs in as, with what it may do. Its password comes from a secret and stays there. */
export interface RoleSpec {
  readonly kind: 'role';
  /** The role's name; the secret's `username` must be the same. */
  readonly name: string;
  /** The reference of the secret that holds the password. */
  readonly secret: string;
  /** Whether the role may stream replication and use slots. */
  readonly replication: boolean;
  /** Roles that it is a member of, such as `pg_read_all_data`, `rds_replication`. */
  readonly memberOf: readonly string[];
  /** Rights on the database: `CONNECT`, `CREATE`. */
  readonly database: readonly DatabaseRight[];
  /** Schemas all of whose present tables it may read. */
  readonly readSchemas: readonly string[];
  /** Schemas all of whose present tables it may change. */
  readonly writeSchemas: readonly string[];
}

/** A right on a database. */
export enum DatabaseRight {
  CONNECT = 'CONNECT',
  CREATE = 'CREATE',
}

/** What a server says of a role. */
export interface ObservedRole {
  readonly canLogin: boolean;
  readonly replication: boolean;
  readonly memberOf: readonly string[];
  readonly database: readonly string[];
  /** For each schema, how many of its tables the role may not yet read or change. */
  readonly lacking: readonly {
    readonly schema: string;
    readonly usage: boolean;
    /** How many of its tables it may change in any way. */
    readonly writable: number;
    readonly read: number;
    readonly write: number;
  }[];
  readonly currentDatabase: string;
}

/** Roles and their grants. */
export const role: ObjectKind<RoleSpec, ObservedRole> = {
  kind: 'role',
  read: (reader) => ({
    kind: 'role',
    name: reader.name('name'),
    secret: reader.text('secret'),
    replication: reader.flag('replication', false),
    memberOf: reader.names('memberOf'),
    database: reader.choices('database', Object.values(DatabaseRight)),
    readSchemas: reader.names('readSchemas'),
    writeSchemas: reader.names('writeSchemas'),
  }),
  name: (spec) => spec.name,
  secrets: (spec) => [spec.secret],
  observe: observeRole,
  observed: (row) => (row?.role === null ? undefined : (row?.role as ObservedRole | undefined)),
  plan(spec, observed, context) {
    const secret = secretOf(spec, context);
    if (observed === undefined)
      return [createRole(spec, secret), ...grants(spec, undefined, earlierOf(context))];
    return [
      ...alterRole(spec, observed, secret, context),
      ...grants(spec, observed, earlierOf(context)),
    ];
  },
  drop(spec, observed) {
    const name = quoteIdentifier(spec.name);
    const present = observed.lacking.map(({ schema }) => schema);
    return [
      ...present.flatMap((schema) => revokeSchema(spec, schema)),
      ...revokeDatabase(name, observed),
      step(`drop role ${name}`, sql(`DROP ROLE ${name}`)),
    ];
  },
};

function secretOf(spec: RoleSpec, { secrets }: PlanContext<RoleSpec>): ResolvedSecret {
  const secret = secrets[spec.secret];
  if (secret === undefined)
    throw new PontoonError(
      'NO_SECRET',
      `secret of role '${spec.name}' must be given, got nothing; check its reference`,
    );
  if (secret.username === spec.name) return secret;
  throw new PontoonError(
    'SECRET_MISMATCH',
    `secret of role '${spec.name}' must have that 'username', got ${JSON.stringify(secret.username)}; correct the secret or the role's name`,
  );
}

function createRole(spec: RoleSpec, { verifier }: ResolvedSecret): Step {
  const name = quoteIdentifier(spec.name);
  return step(
    `create role ${name}`,
    secretSql(
      { verifier },
      (given) =>
        `CREATE ROLE ${name} LOGIN ${spec.replication ? 'REPLICATION' : 'NOREPLICATION'} PASSWORD ${quoteLiteral(given.verifier)}`,
    ),
  );
}

function alterRole(
  spec: RoleSpec,
  observed: ObservedRole,
  secret: ResolvedSecret,
  context: PlanContext<RoleSpec>,
): Step[] {
  const name = quoteIdentifier(spec.name);
  const attributes = [
    ...(observed.canLogin ? [] : ['LOGIN']),
    ...(observed.replication === spec.replication
      ? []
      : [spec.replication ? 'REPLICATION' : 'NOREPLICATION']),
  ];
  const steps: Step[] = [];
  if (attributes.length > 0)
    steps.push(step(`alter role ${name}`, sql(`ALTER ROLE ${name} ${attributes.join(' ')}`)));
  if (context.applied?.secretVersions[spec.secret] !== secret.version) {
    steps.push(
      step(
        `set the password of role ${name}`,
        secretSql(
          { verifier: secret.verifier },
          (given) => `ALTER ROLE ${name} PASSWORD ${quoteLiteral(given.verifier)}`,
        ),
      ),
    );
  }
  return steps;
}

function grants(spec: RoleSpec, observed: ObservedRole | undefined, earlier: Earlier): Step[] {
  const name = quoteIdentifier(spec.name);
  const steps: Step[] = [];
  for (const member of spec.memberOf.filter((other) => !observed?.memberOf.includes(other))) {
    steps.push(
      step(
        `grant ${quoteIdentifier(member)} to ${name}`,
        sql(`GRANT ${quoteIdentifier(member)} TO ${name}`),
      ),
    );
  }
  for (const member of earlier.memberOf.filter(
    (other) => !spec.memberOf.includes(other) && observed?.memberOf.includes(other),
  )) {
    steps.push(
      step(
        `revoke ${quoteIdentifier(member)} from ${name}`,
        sql(`REVOKE ${quoteIdentifier(member)} FROM ${name}`),
      ),
    );
  }
  const missing = spec.database.filter((right) => !observed?.database.includes(right));
  if (missing.length > 0) steps.push(grantDatabase(name, missing));
  const surplus = earlier.database.filter(
    (right) => !spec.database.includes(right) && observed?.database.includes(right),
  );
  if (surplus.length > 0 && observed !== undefined)
    steps.push(...revokeDatabase(name, { ...observed, database: surplus }));
  const given = [...earlier.readSchemas, ...earlier.writeSchemas];
  const wanted = new Set([...spec.readSchemas, ...spec.writeSchemas]);
  for (const schema of new Set(given.filter((schema) => !wanted.has(schema))))
    steps.push(...revokeSchema({ ...spec, writeSchemas: earlier.writeSchemas }, schema));
  for (const schema of earlier.writeSchemas.filter(
    (other) => wanted.has(other) && !spec.writeSchemas.includes(other),
  ))
    steps.push(...revokeWriting(spec.name, schema, observed));
  for (const schema of wanted) {
    const lacks = observed?.lacking.find((item) => item.schema === schema);
    const write = spec.writeSchemas.includes(schema);
    const done = lacks?.usage === true && lacks.read === 0 && (!write || lacks.write === 0);
    if (!done) steps.push(...grantSchema(spec.name, schema, write));
  }
  return steps;
}

/** The database is that of the connection, whose name only the server knows for sure. */
function grantDatabase(name: string, rights: readonly DatabaseRight[]): Step {
  const list = rights.join(', ');
  // As a literal, since a name could hold whatever dollar tag the body were quoted by.
  const body = `BEGIN EXECUTE pg_catalog.format('GRANT ${list} ON DATABASE %I TO %s', pg_catalog.current_database(), ${quoteLiteral(name)}); END`;
  return step(`grant ${list} on the database to ${name}`, sql(`DO ${quoteLiteral(body)}`));
}

function grantSchema(roleName: string, schemaName: string, write: boolean): Step[] {
  const name = quoteIdentifier(roleName);
  const schema = quoteIdentifier(schemaName);
  return [
    step(
      `grant the use of schema ${schema} to ${name}`,
      sql(`GRANT USAGE ON SCHEMA ${schema} TO ${name}`),
    ),
    step(
      `grant ${write ? 'writing' : 'reading'} all tables of schema ${schema} to ${name}`,
      sql(`GRANT ${tableRights(write)} ON ALL TABLES IN SCHEMA ${schema} TO ${name}`),
    ),
  ];
}

// Never ALL: which role a grant or a revoke is made as depends on the rights that it names, so that a revoke of more
// rights than were granted may be made as another role, and then take nothing away.
function revokeSchema(spec: RoleSpec, schemaName: string): Step[] {
  const name = quoteIdentifier(spec.name);
  const schema = quoteIdentifier(schemaName);
  const rights = tableRights(spec.writeSchemas.includes(schemaName));
  return [
    step(
      `revoke all tables of schema ${schema} from ${name}`,
      sql(`REVOKE ${rights} ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`),
    ),
    step(
      `revoke schema ${schema} from ${name}`,
      sql(`REVOKE USAGE ON SCHEMA ${schema} FROM ${name}`),
    ),
  ];
}

/** Leaves the right to read, once nothing shows that the right to write is still there. */
function revokeWriting(
  roleName: string,
  schemaName: string,
  observed: ObservedRole | undefined,
): Step[] {
  const writable = observed?.lacking.find(({ schema }) => schema === schemaName)?.writable ?? 0;
  if (writable === 0) return [];
  const name = quoteIdentifier(roleName);
  const schema = quoteIdentifier(schemaName);
  return [
    step(
      `revoke writing all tables of schema ${schema} from ${name}`,
      sql(`REVOKE ${WRITING} ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`),
    ),
  ];
}

function revokeDatabase(name: string, { database, currentDatabase }: ObservedRole): Step[] {
  if (database.length === 0) return [];
  const where = quoteIdentifier(currentDatabase);
  return [
    step(
      `revoke rights on the database from role ${name}`,
      sql(`REVOKE ${database.join(', ')} ON DATABASE ${where} FROM ${name}`),
    ),
  ];
}

function tableRights(write: boolean): string {
  return write ? `SELECT, ${WRITING}` : 'SELECT';
}

const WRITING = 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES';

/** What earlier specs gave, all of them together. */
type Earlier = Pick<RoleSpec, 'memberOf' | 'database' | 'readSchemas' | 'writeSchemas'>;

function earlierOf({ applied }: PlanContext<RoleSpec>): Earlier {
  const all = <Item>(pick: (spec: RoleSpec) => readonly Item[]): Item[] => [
    ...new Set((applied?.earlier ?? []).flatMap(pick)),
  ];
  return {
    memberOf: all((spec) => spec.memberOf),
    database: all((spec) => spec.database),
    readSchemas: all((spec) => spec.readSchemas),
    writeSchemas: all((spec) => spec.writeSchemas),
  };
}

function observeRole(spec: RoleSpec): Statement {
  return sql(
    `SELECT (
  SELECT pg_catalog.jsonb_build_object(
    'canLogin', r.rolcanlogin,
    'replication', r.rolreplication,
    'currentDatabase', pg_catalog.current_database(),
    'memberOf', (SELECT coalesce(pg_catalog.jsonb_agg(g.rolname), '[]') FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid),
    'database', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.privilege_type), '[]') FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = pg_catalog.current_database() AND a.grantee = r.oid),
    'lacking', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'schema', n.nspname,
        'usage', pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE'),
        'writable', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')),
        'read', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT')),
        'write', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT (pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'DELETE') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'TRUNCATE')))
      )), '[]') FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY($2))
  ) FROM pg_catalog.pg_roles r WHERE r.rolname = $1
) AS role`,
    [spec.name, [...spec.readSchemas, ...spec.writeSchemas]],
  );
}
