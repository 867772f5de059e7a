import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { secretSql, sql } from '../statement';
import { selectionSql } from '../table-selection';
import { conninfo, samePublisher } from './conninfo';
import { type PlanContext, type ResolvedSecret, type Step, step, stepAlone } from './object';
import type { ObservedSubscription } from './observed-subscription';
import type { SubscriptionSpec } from './subscription-spec';

/**
 * A failing statement is written into the server's log with everything in it. So the subscription is created with a
 * placeholder and without connecting, and gets its password by a statement that has little left to fail at.
 */
export function createSubscription(spec: SubscriptionSpec, secret: ResolvedSecret): Step[] {
  const name = quoteIdentifier(spec.name);
  const placeholder = quoteLiteral(
    conninfo(spec.publisher, { username: secret.username, password: 'to-be-set' }),
  );
  const options = [
    'connect = false',
    // Otherwise a publisher may be told of rows that a crash of the subscriber then takes.
    `synchronous_commit = 'on'`,
    `slot_name = ${quoteLiteral(spec.slotName)}`,
    ...(spec.originNone ? ['origin = none'] : []),
  ];
  return [
    step(
      `create subscription ${name}`,
      sql(
        `CREATE SUBSCRIPTION ${name} CONNECTION ${placeholder} PUBLICATION ${publicationList(spec)} WITH (${options.join(', ')})`,
      ),
    ),
    setConnection(spec, secret),
    ...(spec.enabled ? [enable(name, true), takeUpTables(spec)] : []),
  ];
}

function setConnection(spec: SubscriptionSpec, secret: ResolvedSecret): Step {
  const name = quoteIdentifier(spec.name);
  return step(
    `set the connection of subscription ${name}`,
    secretSql(
      { password: secret.password },
      ({ password }) =>
        `ALTER SUBSCRIPTION ${name} CONNECTION ${quoteLiteral(conninfo(spec.publisher, { username: secret.username, password }))}`,
    ),
  );
}

function enable(name: string, enabled: boolean): Step {
  const verb = enabled ? 'enable' : 'disable';
  return step(
    `${verb} subscription ${name}`,
    sql(`ALTER SUBSCRIPTION ${name} ${verb.toUpperCase()}`),
  );
}

function takeUpTables(spec: SubscriptionSpec): Step {
  const name = quoteIdentifier(spec.name);
  return stepAlone(
    `take up the published tables in subscription ${name}`,
    sql(`ALTER SUBSCRIPTION ${name} REFRESH PUBLICATION WITH (copy_data = ${spec.copyData})`),
  );
}

/** Makes a subscription that is there match `spec`. */
export function alterSubscription(
  spec: SubscriptionSpec,
  observed: ObservedSubscription,
  secret: ResolvedSecret,
  { applied }: PlanContext<SubscriptionSpec>,
): Step[] {
  const earlier = applied?.earlier ?? [];
  const secretVersion = applied?.secretVersions[spec.publisher.secret];
  const published = sameNames(observed.publications, spec.publications);
  const revised = earlier.some((one) => carried(one) !== carried(spec));
  // A disabled subscription takes up nothing, so that what it missed is taken up once it is enabled.
  const missed = observed.tables === 0 || revised || !published || !observed.enabled;
  return [
    ...(isAt(spec, earlier) && secretVersion === secret.version
      ? []
      : [setConnection(spec, secret)]),
    ...(published ? [] : [setPublications(spec)]),
    ...changeOrigin(spec, observed),
    ...changeSlot(spec, observed),
    ...(spec.enabled && missed ? [takeUpTables(spec)] : []),
  ];
}

/** The tables, however what names them was kept. */
function carried({ selection }: SubscriptionSpec): string {
  return selection === undefined ? '' : selectionSql(selection, '', '');
}

/** Whether the publisher is where every earlier spec had it. */
function isAt({ publisher }: SubscriptionSpec, earlier: readonly SubscriptionSpec[]): boolean {
  return earlier.length > 0 && earlier.every((one) => samePublisher(one.publisher, publisher));
}

function setPublications(spec: SubscriptionSpec): Step {
  const name = quoteIdentifier(spec.name);
  return stepAlone(
    `set the publications of subscription ${name}`,
    sql(
      `ALTER SUBSCRIPTION ${name} SET PUBLICATION ${publicationList(spec)} WITH (refresh = false)`,
    ),
  );
}

function changeOrigin(spec: SubscriptionSpec, { originNone }: ObservedSubscription): Step[] {
  if (originNone === undefined || originNone === spec.originNone) return [];
  const name = quoteIdentifier(spec.name);
  const origin = spec.originNone ? 'none' : 'any';
  return [
    step(
      `set the origin of subscription ${name}`,
      sql(`ALTER SUBSCRIPTION ${name} SET (origin = ${origin})`),
    ),
  ];
}

/** A subscription changes its slot only while it is disabled. */
function changeSlot(spec: SubscriptionSpec, observed: ObservedSubscription): Step[] {
  const name = quoteIdentifier(spec.name);
  const other = observed.slotName !== spec.slotName;
  return [
    ...(observed.enabled && (other || !spec.enabled) ? [enable(name, false)] : []),
    ...(other
      ? [
          step(
            `set the slot of subscription ${name}`,
            sql(`ALTER SUBSCRIPTION ${name} SET (slot_name = ${quoteLiteral(spec.slotName)})`),
          ),
        ]
      : []),
    ...(observed.ending === true && spec.enabled ? [awaitEnd(spec)] : []),
    ...(spec.enabled && (other || !observed.enabled) ? [enable(name, true)] : []),
  ];
}

/** PostgreSQL starts no other worker for minutes when it is asked to while one is ending. */
function awaitEnd({ name }: SubscriptionSpec): Step {
  const working = `EXISTS (SELECT FROM pg_catalog.pg_stat_subscription WHERE subname = ${quoteLiteral(name)} AND pid IS NOT NULL)`;
  return stepAlone(
    `wait until subscription ${quoteIdentifier(name)} has no worker`,
    sql(
      `DO ${quoteLiteral(`BEGIN FOR i IN 1..200 LOOP EXIT WHEN NOT ${working}; PERFORM pg_catalog.pg_sleep(0.05); END LOOP; END`)}`,
    ),
  );
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function publicationList(spec: SubscriptionSpec): string {
  return spec.publications.map(quoteIdentifier).join(', ');
}
