import { supports } from '../capabilities';
import { quoteIdentifier } from '../identifiers';
import { type Statement, sql } from '../statement';
import { isManaged, LinkKind, linksFrom, serverOf } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';
import { isOfOci } from './fixes';
import { decodedLinks, linksIn, selectedTablesSql } from './relations';

interface PrivilegeRow {
  readonly role: string;
  readonly superuser: boolean;
  readonly replication: boolean;
  readonly createRole: boolean;
  readonly signalBackend: boolean;
  readonly createOnDatabase: boolean;
  /** Null where the function does not exist. */
  readonly logSnapshot: boolean | null;
  /** Whether the role may create subscriptions without being superuser. */
  readonly subscribes: boolean;
  readonly managedReplication: boolean;
  /** The owners of tables to publish whose rights the role does not have. */
  readonly foreignOwners: readonly string[];
}

/** Whether the role that asks may do what objects of this library need. */
export const privileges = defineCheck<PrivilegeRow>({
  id: 'privileges',
  title: 'rights of the administrating role',
  query: privilegeQuery,
  evaluate: ([row], context) => {
    if (row === undefined || row.superuser) return [];
    const { topology, server } = context;
    const managed = isManaged(serverOf(topology, server)) && !isOfOci(serverOf(topology, server));
    return [
      ...databaseFound(row, context),
      ...(linksFrom(topology, server).length === 0 ? [] : senderFound(row, managed, context)),
      ...(linksIn(topology, server, LinkKind.NATIVE).length === 0
        ? []
        : subscriberFound(row, managed, context)),
      ...row.foreignOwners.map((owner) => ownerFound(row.role, owner, server)),
    ];
  },
});

function privilegeQuery({ topology, server }: PreflightContext): Statement {
  const { majorVersion } = serverOf(topology, server);
  const selected = selectedTablesSql(
    decodedLinks(topology, server).filter(({ kind }) => kind === LinkKind.NATIVE),
  );
  const logSnapshot = supports(majorVersion, 'standby-logical-decoding')
    ? `pg_catalog.has_function_privilege('pg_catalog.pg_log_standby_snapshot()', 'EXECUTE')`
    : 'NULL::boolean';
  return sql(
    `${selected.with}
SELECT r.rolname::text AS role, r.rolsuper AS superuser, r.rolreplication AS replication, r.rolcreaterole AS "createRole",
  pg_catalog.pg_has_role('pg_signal_backend', 'MEMBER') AS "signalBackend",
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS "createOnDatabase", ${logSnapshot} AS "logSnapshot",
  EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname IN ('pg_create_subscription', 'rds_superuser') AND pg_catalog.pg_has_role(m.oid, 'MEMBER')) AS subscribes,
  EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname IN ('rds_replication', 'rds_superuser') AND pg_catalog.pg_has_role(m.oid, 'MEMBER')) AS "managedReplication",
  ARRAY(SELECT DISTINCT o.rolname::text FROM selected s JOIN pg_catalog.pg_roles o ON o.oid = s.relowner
    WHERE NOT pg_catalog.pg_has_role(s.relowner, 'USAGE') ORDER BY 1) AS "foreignOwners"
FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER`,
    selected.values,
  );
}

function databaseFound(row: PrivilegeRow, { topology, server }: PreflightContext): Found[] {
  if (row.createOnDatabase) return [];
  const database = quoteIdentifier(serverOf(topology, server).database);
  return [
    lacking(
      row.role,
      `needs CREATE on database ${database} of '${server}', for publications and the schema of this library`,
      `GRANT CREATE ON DATABASE ${database} TO ${quoteIdentifier(row.role)};`,
    ),
  ];
}

function senderFound(
  row: PrivilegeRow,
  managed: boolean,
  { topology, server }: PreflightContext,
): Found[] {
  const role = quoteIdentifier(row.role);
  if (managed) {
    return row.managedReplication
      ? []
      : [
          lacking(
            row.role,
            `needs rds_replication on '${server}', to create slots`,
            `GRANT rds_replication TO ${role};`,
          ),
        ];
  }
  const target = serverOf(topology, server);
  // Public descriptions show OCI's administrator give REPLICATION on older majors too.
  if (!isOfOci(target) && !supports(target.majorVersion, 'create-replication-role')) {
    return [
      lacking(
        row.role,
        `must be superuser on '${server}', since before PostgreSQL 16 nobody else creates roles with REPLICATION`,
        `ALTER ROLE ${role} SUPERUSER;`,
      ),
    ];
  }
  const decodesBelow = decodedLinks(topology, server).some(({ from }) => from !== server);
  return [
    ...(row.replication
      ? []
      : [
          lacking(
            row.role,
            `needs REPLICATION on '${server}', to create slots and roles that replicate`,
            `ALTER ROLE ${role} REPLICATION;`,
          ),
        ]),
    ...(row.createRole
      ? []
      : [
          lacking(
            row.role,
            `needs CREATEROLE on '${server}', to create roles that replicate`,
            `ALTER ROLE ${role} CREATEROLE;`,
          ),
        ]),
    ...(row.signalBackend
      ? []
      : [
          lacking(
            row.role,
            `needs pg_signal_backend on '${server}', to disconnect the reader of a slot before the slot is dropped`,
            `GRANT pg_signal_backend TO ${role};`,
          ),
        ]),
    ...(decodesBelow && row.logSnapshot === false
      ? [
          lacking(
            row.role,
            `needs EXECUTE on pg_log_standby_snapshot() of '${server}', without which a slot on its standby waits`,
            `GRANT EXECUTE ON FUNCTION pg_catalog.pg_log_standby_snapshot() TO ${role};`,
          ),
        ]
      : []),
  ];
}

function subscriberFound(
  row: PrivilegeRow,
  managed: boolean,
  { topology, server }: PreflightContext,
): Found[] {
  if (row.subscribes) return [];
  const role = quoteIdentifier(row.role);
  const what = `needs the right to create subscriptions on '${server}'`;
  if (managed) return [lacking(row.role, what, `GRANT rds_superuser TO ${role};`)];
  const target = serverOf(topology, server);
  if (isOfOci(target) && !supports(target.majorVersion, 'create-subscription-role'))
    return [unknownSubscriber(row.role, server)];
  return supports(target.majorVersion, 'create-subscription-role')
    ? [lacking(row.role, what, `GRANT pg_create_subscription TO ${role};`)]
    : [lacking(row.role, what, `ALTER ROLE ${role} SUPERUSER;`)];
}

function unknownSubscriber(name: string, server: string): Found {
  const object = quoteIdentifier(name);
  return {
    severity: 'unchecked',
    object,
    message: `whether role ${object} may create subscriptions on '${server}' is not known, since stock PostgreSQL before 16 leaves that to superusers; try it there and accept this finding, or replicate by pglogical`,
  };
}

function ownerFound(role: string, owner: string, server: string): Found {
  return lacking(
    role,
    `needs the rights of ${quoteIdentifier(owner)} on '${server}', who owns tables to publish`,
    `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(role)};`,
  );
}

function lacking(role: string, what: string, fix: string): Found {
  const object = quoteIdentifier(role);
  return {
    severity: 'error',
    object,
    message: `role ${object} ${what}; let a superuser grant it`,
    fix,
  };
}
