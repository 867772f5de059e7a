import { supports } from '../capabilities';
import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { isManaged, LinkKind, serverOf, type TopologyServer } from '../topology';
import { defineCheck, type Found } from './check';
import { isOfOci } from './fixes';
import { decodedLinks, selectedTablesSql } from './relations';

interface CutoverRow {
  readonly role: string;
  readonly superuser: boolean;
  /** Owners of the database and of selected tables whose rights the role does not have. */
  readonly databaseOwner: string | null;
  readonly tableOwners: readonly string[];
  readonly subscribes: boolean;
}

/** Whether the role that asks could switch writers away from the server, and back. Nobody must, and so it only warns. */
export const cutoverRights = defineCheck<CutoverRow>({
  id: 'cutover-rights',
  title: 'rights for a cutover',
  query: ({ topology, server }) => {
    // Owners of tables to publish are errors of another check.
    const links = decodedLinks(topology, server).filter(({ kind }) => kind !== LinkKind.NATIVE);
    const selected = selectedTablesSql(links);
    return sql(
      `${selected.with}
SELECT r.rolname::text AS role, r.rolsuper AS superuser,
  (SELECT o.rolname::text FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
    WHERE d.datname = pg_catalog.current_database() AND NOT pg_catalog.pg_has_role(d.datdba, 'USAGE')) AS "databaseOwner",
  ARRAY(SELECT DISTINCT o.rolname::text FROM selected s JOIN pg_catalog.pg_roles o ON o.oid = s.relowner
    WHERE NOT pg_catalog.pg_has_role(s.relowner, 'USAGE') ORDER BY 1) AS "tableOwners",
  EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname IN ('pg_create_subscription', 'rds_superuser') AND pg_catalog.pg_has_role(m.oid, 'MEMBER')) AS subscribes
FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER`,
      selected.values,
    );
  },
  evaluate: ([row], { topology, server }) => {
    if (row === undefined || row.superuser) return [];
    const { majorVersion, database } = serverOf(topology, server);
    const role = quoteIdentifier(row.role);
    const found: Found[] = [];
    if (row.databaseOwner !== null) {
      const owner = quoteIdentifier(row.databaseOwner);
      found.push(
        lacking(
          role,
          `the rights of ${owner}, who owns database ${quoteIdentifier(database)} of '${server}', to fence it`,
          `GRANT ${owner} TO ${role};`,
        ),
      );
    }
    for (const name of row.tableOwners.filter((one) => one !== row.databaseOwner)) {
      const owner = quoteIdentifier(name);
      found.push(
        lacking(
          role,
          `the rights of ${owner}, who owns tables on '${server}', for the way back`,
          `GRANT ${owner} TO ${role};`,
        ),
      );
    }
    const untried =
      isOfOci(serverOf(topology, server)) && !supports(majorVersion, 'create-subscription-role');
    if (!row.subscribes && untried) {
      found.push({
        severity: 'warning',
        object: role,
        message: `whether role ${role} may create subscriptions on '${server}', for the way back, is not known, since stock PostgreSQL before 16 leaves that to superusers; try it there, or replicate by pglogical`,
      });
    } else if (!row.subscribes) {
      const fix = supports(majorVersion, 'create-subscription-role')
        ? `GRANT ${subscriberRole(serverOf(topology, server))} TO ${role};`
        : `ALTER ROLE ${role} SUPERUSER;`;
      found.push(
        lacking(role, `the right to create subscriptions on '${server}', for the way back`, fix),
      );
    }
    return found;
  },
});

function subscriberRole(server: TopologyServer): string {
  return isManaged(server) && !isOfOci(server) ? 'rds_superuser' : 'pg_create_subscription';
}

function lacking(object: string, what: string, fix: string): Found {
  return {
    severity: 'warning',
    object,
    message: `role ${object} needs ${what} at a cutover; let a superuser grant it before`,
    fix,
  };
}
