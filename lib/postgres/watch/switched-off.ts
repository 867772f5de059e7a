import { cutoverOwner } from '../cutover';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import type { WatchPoint } from './points';

/** A slot that a link of a topology runs through, at one of its ends. */
export interface SwitchedOff {
  /** Whether it is the end that sends, or the one that subscribes. */
  readonly kind: 'logical-slot' | 'subscription';
  /** The slot's name. */
  readonly slot: string;
}

/** Asks whether a cutover was ever prepared here: without one, nothing was switched off. */
export function anyCutover(): Statement {
  return sql(
    `SELECT pg_catalog.to_regclass('${OWN_SCHEMA}.cutover') IS NOT NULL AND pg_catalog.to_regclass('${OWN_SCHEMA}.objects') IS NOT NULL AS prepared`,
  );
}

/**
 * Asks which links at `server` a cutover has switched off, or the end of a migration took away. The sender of one keeps
 * the journal of an opened cutover, and its receiver keeps none; after a rollback it is the other way round.
 */
export function switchedOff(server: string): Statement {
  return sql(
    `SELECT o.kind, coalesce(o.spec ->> 'slotName', o.name) AS slot
FROM ${OWN_SCHEMA}.objects o LEFT JOIN ${OWN_SCHEMA}.cutover c ON o.owner = '${cutoverOwner('')}' || c.migration AND c.opened_at IS NOT NULL
WHERE o.server = $1 AND o.kind IN ('logical-slot', 'subscription')
  AND (o.before ->> 'retired' IS NOT NULL
    OR o.kind = 'logical-slot' AND c.migration IS NOT NULL
    OR o.kind = 'subscription' AND c.migration IS NULL AND o.before ->> 'letIn' IS NOT NULL)`,
    [server],
  );
}

/** `point` without the links that are switched off: nothing of theirs is missing. */
export function stillOn(point: WatchPoint, off: readonly SwitchedOff[]): WatchPoint {
  const gone = (kind: SwitchedOff['kind'], slotName: string): boolean =>
    off.some((one) => one.kind === kind && one.slot === slotName);
  return {
    ...point,
    sends: point.sends.filter(({ slotName }) => !gone('logical-slot', slotName)),
    subscribes: point.subscribes.filter(({ slotName }) => !gone('subscription', slotName)),
  };
}
