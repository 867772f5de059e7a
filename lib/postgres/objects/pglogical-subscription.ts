import { PontoonError } from '../errors';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, secretSql, sql } from '../statement';
import type { TableSelection } from '../table-selection';
import { conninfo, samePublisher } from './conninfo';
import {
  type ObjectKind,
  type PlanContext,
  type ResolvedSecret,
  type Step,
  step,
  stepAlone,
} from './object';
import { pglogicalSets } from './observed-pglogical-sets';
import { wherePglogicalIs } from './pglogical-query';
import { type PublisherAddress, readOptionalSelection, readPublisher } from './subscription-spec';

/**
 * Has a node of pglogical receive what another one sends. Its slot comes and goes with it, but for one that copies no
 * rows: that waits, disabled, until somebody makes its slot and enables it.
 */
export interface PglogicalSubscriptionSpec {
  readonly kind: 'pglogical-subscription';
  /** The subscription's name. */
  readonly name: string;
  /** Where the changes come from. Its login is kept, with the password, in the extension's tables. */
  readonly provider: PublisherAddress;
  /** The name of the provider's replication sets: both of them are followed. */
  readonly replicationSet: string;
  /** What the sets hold. One that copies rows is made only where these tables are empty, and nothing else carries them. */
  readonly selection?: TableSelection;
  /** The slot to read from. Changing it needs another subscription. */
  readonly slotName: string;
  /** Whether the tables' present rows are copied first, which takes a provider of no newer major. */
  readonly copyData: boolean;
  /** Whether changes are applied. */
  readonly enabled: boolean;
}

/** What a server says of a subscription. */
export interface ObservedPglogicalSubscription {
  readonly enabled: boolean;
  readonly slotName: string;
  readonly sets: readonly string[];
}

interface Observed {
  readonly subscription: ObservedPglogicalSubscription | null;
  readonly node: boolean;
  /** How much the server writes into its log of what went wrong. */
  readonly verbosity: string;
}

/** Subscriptions of pglogical. */
export const pglogicalSubscription: ObjectKind<PglogicalSubscriptionSpec, Observed> = {
  kind: 'pglogical-subscription',
  read(reader) {
    const copyData = reader.flag('copyData', true);
    const enabled = reader.flag('enabled', copyData);
    return {
      kind: 'pglogical-subscription',
      name: reader.name('name'),
      provider: reader.object('provider', readPublisher),
      replicationSet: reader.name('replicationSet'),
      ...readOptionalSelection(reader),
      slotName: reader.slotName('slotName'),
      copyData,
      enabled,
    };
  },
  name: (spec) => spec.name,
  secrets: (spec) => [spec.provider.secret],
  observe: observeSubscription,
  observed: (row) => row as unknown as Observed | undefined,
  occupied: ({ subscription }) => subscription !== null,
  copies: ({ copyData, selection }) => (copyData ? selection : undefined),
  plan(spec, observed, context) {
    requireReady(spec, observed);
    const secret = secretOf(spec, context);
    return observed.subscription === null
      ? create(spec, secret)
      : alter(spec, observed.subscription, secret, context);
  },
  drop({ name }, { subscription }) {
    if (subscription === null) return [];
    return [
      stepAlone(
        `drop pglogical subscription ${quoteIdentifier(name)}`,
        sql(`SELECT pglogical.drop_subscription(${quoteLiteral(name)})`),
      ),
    ];
  },
};

function observeSubscription({ name }: PglogicalSubscriptionSpec): Statement {
  const found = `SELECT pg_catalog.jsonb_build_object('enabled', sub_enabled, 'slotName', sub_slot_name, 'sets', sub_replication_sets) AS answer FROM pglogical.subscription WHERE sub_name = ${quoteLiteral(name)}`;
  const node =
    'SELECT pg_catalog.to_jsonb(pg_catalog.count(*) > 0) AS answer FROM pglogical.local_node';
  return sql(
    `SELECT ${wherePglogicalIs(found)} AS subscription, coalesce(${wherePglogicalIs(node)}, 'false') AS node, pg_catalog.current_setting('log_error_verbosity') AS verbosity`,
  );
}

function requireReady(
  { name }: PglogicalSubscriptionSpec,
  observed: Observed | undefined,
): asserts observed is Observed {
  if (observed?.node !== true) {
    throw new PontoonError(
      'NO_NODE',
      `pglogical subscription ${quoteIdentifier(name)} requires a pglogical node in the database, got none; apply {"kind":"pglogical-node"} first`,
    );
  }
  if (observed.verbosity === 'terse') return;
  throw new PontoonError(
    'LOG_WOULD_LEAK',
    `'log_error_verbosity' must be terse where pglogical subscribes, which otherwise writes the password into the log whenever it cannot connect, got ${observed.verbosity}; set it and reload the server`,
  );
}

function secretOf(
  spec: PglogicalSubscriptionSpec,
  { secrets }: PlanContext<PglogicalSubscriptionSpec>,
): ResolvedSecret {
  const secret = secrets[spec.provider.secret];
  if (secret !== undefined) return secret;
  throw new PontoonError(
    'NO_SECRET',
    `secret of pglogical subscription ${quoteIdentifier(spec.name)} must be given, got nothing; check its reference`,
  );
}

/**
 * Without forwarded origins, so that nothing comes back that came from here. What is to be another way than the function
 * leaves it is changed before its transaction ends: nobody has begun to work on it by then.
 */
function create(spec: PglogicalSubscriptionSpec, secret: ResolvedSecret): Step[] {
  const { name, provider, copyData } = spec;
  const id = `(SELECT sub_id FROM pglogical.subscription WHERE sub_name = ${quoteLiteral(name)})`;
  const shown = quoteIdentifier(name);
  return [
    step(
      `create pglogical subscription ${shown}`,
      secretSql({ password: secret.password }, ({ password }) => {
        const dsn = conninfo(provider, { username: secret.username, password });
        return `SELECT pglogical.create_subscription(${quoteLiteral(name)}, ${quoteLiteral(dsn)}, ${setList(spec)}, false, ${copyData}, '{}')`;
      }),
    ),
    step(
      `name the slot of pglogical subscription ${shown}`,
      sql(
        `UPDATE pglogical.subscription SET sub_slot_name = ${quoteLiteral(spec.slotName)} WHERE sub_id = ${id}`,
      ),
    ),
    ...(copyData
      ? []
      : [
          // What it would begin with is to make a slot, which only a provider of no newer major understands.
          step(
            `have pglogical subscription ${shown} begin without rows`,
            sql(
              `UPDATE pglogical.local_sync_status SET sync_status = 'r' WHERE sync_subid = ${id}`,
            ),
          ),
          step(
            `create the origin of pglogical subscription ${shown}`,
            sql(`SELECT pg_catalog.pg_replication_origin_create(${quoteLiteral(spec.slotName)})`),
          ),
        ]),
    ...(spec.enabled
      ? []
      : [
          step(
            `disable pglogical subscription ${shown}`,
            sql(`SELECT pglogical.alter_subscription_disable(${quoteLiteral(name)})`),
          ),
        ]),
  ];
}

function alter(
  spec: PglogicalSubscriptionSpec,
  observed: ObservedPglogicalSubscription,
  secret: ResolvedSecret,
  { applied }: PlanContext<PglogicalSubscriptionSpec>,
): Step[] {
  if (observed.slotName !== spec.slotName) {
    throw new PontoonError(
      'CONFLICT',
      `the slot of pglogical subscription ${quoteIdentifier(spec.name)} must be '${spec.slotName}', got '${observed.slotName}'; give that name, or drop the subscription first`,
    );
  }
  const earlier = applied?.earlier ?? [];
  const same =
    earlier.length > 0 &&
    earlier.every(({ provider }) => samePublisher(provider, spec.provider)) &&
    applied?.secretVersions[spec.provider.secret] === secret.version;
  return [
    ...(same ? [] : [setProvider(spec, secret)]),
    ...changeSets(spec, observed),
    // One that could not log in tries again only much later.
    ...(!same && observed.enabled && spec.enabled
      ? [enable(spec, false), endWorkers(spec), enable(spec, true)]
      : []),
    ...(observed.enabled === spec.enabled ? [] : [enable(spec, spec.enabled)]),
  ];
}

function setProvider(spec: PglogicalSubscriptionSpec, secret: ResolvedSecret): Step {
  return step(
    `set where pglogical subscription ${quoteIdentifier(spec.name)} finds its provider`,
    secretSql({ password: secret.password }, ({ password }) => {
      const dsn = conninfo(spec.provider, { username: secret.username, password });
      return `UPDATE pglogical.node_interface SET if_dsn = ${quoteLiteral(dsn)} WHERE if_id = (SELECT sub_origin_if FROM pglogical.subscription WHERE sub_name = ${quoteLiteral(spec.name)})`;
    }),
  );
}

function changeSets(
  spec: PglogicalSubscriptionSpec,
  { sets }: ObservedPglogicalSubscription,
): Step[] {
  const wanted = pglogicalSets(spec.replicationSet);
  const call = (verb: 'add' | 'remove', set: string): Step =>
    step(
      `${verb} replication set ${quoteIdentifier(set)} ${verb === 'add' ? 'to' : 'from'} pglogical subscription ${quoteIdentifier(spec.name)}`,
      sql(
        `SELECT pglogical.alter_subscription_${verb}_replication_set(${quoteLiteral(spec.name)}, ${quoteLiteral(set)})`,
      ),
    );
  return [
    ...wanted.filter((set) => !sets.includes(set)).map((set) => call('add', set)),
    ...sets.filter((set) => !wanted.includes(set)).map((set) => call('remove', set)),
  ];
}

function enable({ name }: PglogicalSubscriptionSpec, enabled: boolean): Step {
  const verb = enabled ? 'enable' : 'disable';
  return stepAlone(
    `${verb} pglogical subscription ${quoteIdentifier(name)}`,
    sql(`SELECT pglogical.alter_subscription_${verb}(${quoteLiteral(name)}, true)`),
  );
}

/** Who is enabled while a worker of theirs is still about to end gets no other one. */
function endWorkers({ name }: PglogicalSubscriptionSpec): Step {
  return stepAlone(
    `end the workers of pglogical subscription ${quoteIdentifier(name)}`,
    sql(
      `SELECT pg_catalog.pg_terminate_backend(a.pid, 10000) FROM pg_catalog.pg_stat_activity a JOIN pglogical.subscription s ON a.backend_type LIKE 'pglogical %:' || s.sub_id WHERE s.sub_name = ${quoteLiteral(name)}`,
    ),
  );
}

function setList({ replicationSet }: PglogicalSubscriptionSpec): string {
  return `ARRAY[${pglogicalSets(replicationSet).map(quoteLiteral).join(', ')}]`;
}
