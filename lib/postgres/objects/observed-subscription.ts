import { supports } from '../capabilities';
import { type Statement, sql } from '../statement';
import type { ServerFacts } from './object';
import type { SubscriptionSpec } from './subscription-spec';

/** What a server says of a subscription. */
export interface ObservedSubscription {
  readonly enabled: boolean;
  readonly slotName: string | null;
  readonly publications: readonly string[];
  /** Whether changes that the publisher received by replication are left out; undefined before PostgreSQL 16. */
  readonly originNone?: boolean;
  /** How many tables it has taken up. */
  readonly tables: number;
  /** Whether it was disabled a moment ago, and a worker has yet to end. */
  readonly ending?: boolean;
}

/** Asks for a subscription of the present database. */
export function observeSubscription(spec: SubscriptionSpec, { major }: ServerFacts): Statement {
  return sql(
    `SELECT subenabled AS enabled,${supports(major, 'subscription-origin') ? ` suborigin = 'none' AS "originNone",` : ''} subslotname AS "slotName", pg_catalog.to_jsonb(subpublications) AS publications, (SELECT count(*)::int FROM pg_catalog.pg_subscription_rel WHERE srsubid = s.oid) AS tables, NOT subenabled AND EXISTS (SELECT FROM pg_catalog.pg_stat_subscription WHERE subid = s.oid AND pid IS NOT NULL) AS ending FROM pg_catalog.pg_subscription s WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [spec.name],
  );
}

/** Tables of a subscription that are not yet streaming. */
export function unsyncedTables(name: string): Statement {
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name, r.srsubstate AS state FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_catalog.pg_class c ON c.oid = r.srrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE s.subname = $1 AND r.srsubstate NOT IN ('r', 's')`,
    [name],
  );
}
