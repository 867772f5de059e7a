import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';

/** What there is of a subscription. No row if there is none. */
export function subscriptionState(name: string): Statement {
  return sql(
    `SELECT s.subenabled AS enabled, s.subslotname IS NULL AS parted, s.subsynccommit AS "synchronousCommit", (SELECT count(*)::int FROM pg_catalog.pg_stat_subscription t WHERE t.subname = s.subname AND t.pid IS NOT NULL) AS workers FROM pg_catalog.pg_subscription s WHERE s.subname = $1 AND s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [name],
  );
}

/** Asks for a publication. */
export function publicationExists(name: string): Statement {
  return sql('SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1) AS exists', [
    name,
  ]);
}

/** Ends the workers of a subscription, which otherwise look up to a second later whether they still should work. */
export function endSubscriptionWorkers(name: string): Statement {
  return sql(
    'SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_subscription WHERE subname = $1 AND pid IS NOT NULL',
    [name],
  );
}

/** Has a subscription apply changes, or not. */
export function enableSubscription(name: string, enabled: boolean): Statement {
  return sql(`ALTER SUBSCRIPTION ${quoteIdentifier(name)} ${enabled ? 'ENABLE' : 'DISABLE'}`);
}

/** Has an enabled subscription ask its publisher for the tables, and take them up without their rows. */
export function takeUpTables(name: string): Statement {
  return sql(
    `ALTER SUBSCRIPTION ${quoteIdentifier(name)} REFRESH PUBLICATION WITH (copy_data = false)`,
  );
}

/**
 * Has a subscription flush what it applied at once. Otherwise the publisher hears of it up to a fifth of a second
 * later, and that fifth would be part of the outage.
 */
export function confirmAtOnce(name: string): Statement {
  return sql(`ALTER SUBSCRIPTION ${quoteIdentifier(name)} SET (synchronous_commit = 'on')`);
}

/** Makes a logical slot. */
export function createSlot(slotName: string, plugin: string): Statement {
  return sql(
    `SELECT pg_catalog.pg_create_logical_replication_slot(${quoteLiteral(slotName)}, ${quoteLiteral(plugin)})`,
  );
}

/** Asks for a slot, and who reads it. No row if there is none. */
export function slotState(slotName: string): Statement {
  return sql(
    'SELECT active, active_pid AS pid FROM pg_catalog.pg_replication_slots WHERE slot_name = $1',
    [slotName],
  );
}

/** Ends the reader of a slot. */
export function endSlotReader(slotName: string): Statement {
  return sql(
    'SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL',
    [slotName],
  );
}

/** Drops a slot that nobody reads. */
export function dropSlot(slotName: string): Statement {
  return sql(
    'SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND NOT active',
    [slotName],
  );
}

/** Has a primary log its running transactions: a new slot on its standby waits for that. */
export function logRunningTransactions(): Statement {
  return sql('SELECT pg_catalog.pg_log_standby_snapshot()');
}

/** Lets a login connect to a database. */
export function grantConnect(database: string, role: string): Statement {
  return sql(`GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(role)}`);
}

/** Has a role be a login, or not: no grant lets in one that is not. */
export function allowLogin(role: string, may: boolean): Statement {
  return sql(`ALTER ROLE ${quoteIdentifier(role)} ${may ? 'LOGIN' : 'NOLOGIN'}`);
}

/** Whether the session may do so. Before memberships have options, CREATEROLE suffices for every role. No row without the role. */
export function mayAllowLogin(role: string): Statement {
  return sql(
    `SELECT me.rolsuper OR (me.rolcreaterole AND (pg_catalog.pg_has_role(r.oid, 'USAGE WITH ADMIN OPTION') OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'pg_catalog.pg_auth_members'::pg_catalog.regclass AND attname = 'inherit_option'))) AS may FROM pg_catalog.pg_roles me, pg_catalog.pg_roles r WHERE me.rolname = current_user AND r.rolname = $1`,
    [role],
  );
}

/** Ends the sessions of a login in the current database. */
export function endSessionsOf(role: string): Statement {
  return sql(
    'SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND usename = $1',
    [role],
  );
}

/** Counts the sessions of a login in the current database. */
export function countSessionsOf(role: string): Statement {
  return sql(
    'SELECT count(*)::int AS sessions FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND usename = $1',
    [role],
  );
}
