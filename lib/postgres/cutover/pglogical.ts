import { PGLOGICAL_OUTPUT, pglogicalSets, wherePglogicalIs } from '../objects';
import { INSERT_ONLY } from '../objects/observed-pglogical-sets';
import { sql } from '../statement';
import { namesOfKept } from './carried';
import type { SubscriptionSql } from './subscription-sql';
import { ROOT } from './table-mark';

const WORKERS = `pg_catalog.pg_stat_activity a WHERE a.datname = pg_catalog.current_database() AND a.backend_type LIKE 'pglogical %:' || s.sub_id`;

/** Also where the extension is gone: a migration that was finalized has left none. */
const STATES = wherePglogicalIs(
  `SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', s.sub_name, 'enabled', s.sub_enabled, 'workers', (SELECT count(*) FROM ${WORKERS}), 'copying', EXISTS (SELECT FROM pglogical.local_sync_status t WHERE t.sync_subid = s.sub_id AND t.sync_relname IS NULL AND t.sync_status IN ('s', 'd', 'c')))) AS answer FROM pglogical.subscription s`,
);

/** Those of pglogical, for `CutoverServices.pglogical`. */
export const PGLOGICAL_SUBSCRIPTIONS: SubscriptionSql = {
  kinds: {
    subscription: 'pglogical-subscription',
    publication: 'pglogical-replication-set',
    node: 'pglogical-node',
  },
  plugin: PGLOGICAL_OUTPUT,
  state: (name) =>
    sql(
      `SELECT (s ->> 'enabled')::boolean AS enabled, (s ->> 'workers')::int AS workers, (s ->> 'copying')::boolean AND s ->> 'workers' <> '0' AS copying FROM pg_catalog.jsonb_array_elements(${STATES}) s WHERE s ->> 'name' = $1`,
      [name],
    ),
  // The second argument has it done now, and not when somebody looks next.
  enable: (name, enabled) =>
    sql(`SELECT pglogical.alter_subscription_${enabled ? 'enable' : 'disable'}($1, true)`, [name]),
  endWorkers: (name) =>
    sql(
      `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pglogical.subscription s, ${WORKERS} AND s.sub_name = $1`,
      [name],
    ),
  progress: (name) =>
    sql(
      `SELECT s.sub_enabled AS enabled, count(t.sync_relname)::int AS tables, count(*) FILTER (WHERE t.sync_status IS DISTINCT FROM 'r')::int AS waiting FROM pglogical.subscription s LEFT JOIN pglogical.local_sync_status t ON t.sync_subid = s.sub_id WHERE s.sub_name = $1 GROUP BY s.sub_id, s.sub_enabled`,
      [name],
    ),
  receiver: (name) =>
    sql(
      `SELECT pg_catalog.concat_ws(' ', s.sub_id, s.sub_slot_name, s.sub_replication_sets) AS receiver FROM pglogical.subscription s WHERE s.sub_name = $1`,
      [name],
    ),
  publicationExists: (name) =>
    sql(
      'SELECT EXISTS (SELECT FROM pglogical.replication_set s JOIN pglogical.local_node l ON l.node_id = s.set_nodeid WHERE s.set_name = $1) AS exists',
      [name],
    ),
  // Of a table without a key only new rows are sent, as was declared; its other changes do not fail.
  published: (selection, names) =>
    sql(
      `WITH ${namesOfKept(selection)}, tables AS MATERIALIZED (SELECT oid FROM names GROUP BY oid HAVING bool_or(selected)) SELECT n.nspname AS schema, c.relname AS name, CASE WHEN EXISTS (SELECT FROM pglogical.replication_set_table t JOIN pglogical.replication_set s USING (set_id) JOIN pglogical.local_node l ON l.node_id = s.set_nodeid WHERE t.set_reloid = c.oid AND t.set_att_list IS NULL AND t.set_row_filter IS NULL AND s.replicate_insert AND s.replicate_truncate AND s.set_name = ANY ($1::text[])) THEN pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname)) ELSE '[]' END AS via, EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END) OR EXISTS (SELECT FROM pglogical.replication_set_table t JOIN pglogical.replication_set s USING (set_id) WHERE t.set_reloid = c.oid AND NOT s.replicate_update AND s.set_name = ANY ($1::text[])) AS identified FROM tables k JOIN pg_catalog.pg_class c ON c.oid = k.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2`,
      [names.flatMap(pglogicalSets)],
    ),
  // One that copied nothing keeps no list of tables: it follows whatever it is sent.
  followed: (names, sets) =>
    sql(
      `WITH ready AS MATERIALIZED (SELECT t.sync_kind, t.sync_nspname, t.sync_relname FROM pglogical.subscription s JOIN pglogical.local_sync_status t ON t.sync_subid = s.sub_id WHERE s.sub_name = ANY ($1::text[]) AND s.sub_replication_sets @> $2::text[] AND t.sync_status = 'r') SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND ((n.nspname, c.relname) IN (SELECT sync_nspname, sync_relname FROM ready WHERE sync_relname IS NOT NULL) OR EXISTS (SELECT FROM ready WHERE sync_kind = 'i' AND sync_relname IS NULL))`,
      [names, sets.flatMap(pglogicalSets)],
    ),
  // A table that is taken out of a set and put back belongs to it by another row.
  carrying: {
    published: `SELECT ${ROOT}, 'published', pg_catalog.concat_ws(' ', s.set_id, s.xmin, t.xmin), NULL, NULL FROM pglogical.replication_set_table t JOIN pglogical.replication_set s USING (set_id) JOIN pglogical.local_node l ON l.node_id = s.set_nodeid JOIN pg_catalog.pg_class c ON c.oid = t.set_reloid WHERE pg_catalog.regexp_replace(s.set_name, '${INSERT_ONLY}$', '') = ANY ($1::text[])`,
    followed: `SELECT ${ROOT}, 'followed', pg_catalog.concat_ws(' ', s.sub_id, s.sub_replication_sets, t.sync_kind, t.xmin), NULL, NULL FROM pglogical.subscription s JOIN pglogical.local_sync_status t ON t.sync_subid = s.sub_id JOIN pg_catalog.pg_class c ON c.relname = t.sync_relname JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.sync_nspname WHERE s.sub_name = ANY ($1::text[])`,
  },
  enabledOthers: (known) =>
    sql(
      'SELECT sub_name AS name FROM pglogical.subscription WHERE sub_enabled AND sub_name <> ALL ($1::text[]) ORDER BY 1',
      [known],
    ),
  dropCopies: (slotName) =>
    sql(
      `SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name ~ ('^' || $1 || '_[0-9a-f]{8}$') AND plugin = '${PGLOGICAL_OUTPUT}' AND NOT active`,
      [slotName],
    ),
  reverse: ({ subscription, publication, publisher, slotName }) => ({
    kind: 'pglogical-subscription',
    name: subscription,
    provider: publisher,
    replicationSet: publication,
    slotName,
    copyData: false,
    enabled: false,
  }),
};
