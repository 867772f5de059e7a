import { requireCapability, supports } from '../capabilities';
import { PontoonError } from '../errors';
import { quoteConninfo, quoteIdentifier, quoteLiteral } from '../identifiers';
import type { Reader } from '../reader';
import { type Statement, secretSql, sql } from '../statement';
import {
  type ObjectKind,
  type PlanContext,
  type ResolvedSecret,
  type Step,
  step,
  stepAlone,
} from './object';

/** How a subscriber checks the publisher's certificate. */
export enum PublisherSslMode {
  /** Encrypted, and the certificate's chain and name are checked: needs `sslRootCert` on the subscriber. */
  VERIFY_FULL = 'verify-full',
  /** Encrypted, and the certificate's chain is checked. */
  VERIFY_CA = 'verify-ca',
  /** Encrypted only, for a publisher whose certificate the subscriber has no root for. */
  REQUIRE = 'require',
}

/** Where a subscription finds its publisher, as the subscriber's server sees it. */
export interface PublisherAddress {
  /** The publisher's name in the topology. */
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The reference of the secret that holds the role and password with which the subscription logs in. */
  readonly secret: string;
  readonly sslMode: PublisherSslMode;
  /** The file with the root certificate, on the subscriber's host; empty for the subscriber's default. */
  readonly sslRootCert: string;
}

/** A subscription. Its slot is an object of its own, so that dropping one never loses the other. */
export interface SubscriptionSpec {
  readonly kind: 'subscription';
  /** The subscription's name. */
  readonly name: string;
  /** Where the changes come from. */
  readonly publisher: PublisherAddress;
  /** The publications to subscribe to. */
  readonly publications: readonly string[];
  /** The slot to read from; it must exist. */
  readonly slotName: string;
  /** Whether the tables' present rows are copied first. */
  readonly copyData: boolean;
  /** Whether changes are applied. */
  readonly enabled: boolean;
  /** A text that changes whenever the published tables do, so that the subscriber takes up new ones. */
  readonly revision: string;
  /** Whether changes that the publisher itself received by replication are left out (PostgreSQL 16+). */
  readonly originNone: boolean;
}

/** What a server says of a subscription. */
export interface ObservedSubscription {
  readonly enabled: boolean;
  readonly slotName: string | null;
  readonly publications: readonly string[];
  /** Whether changes that the publisher received by replication are left out; undefined before PostgreSQL 16. */
  readonly originNone?: boolean;
  /** How many tables it has taken up. */
  readonly tables: number;
}

/** Subscriptions. */
export const subscription: ObjectKind<SubscriptionSpec, ObservedSubscription> = {
  kind: 'subscription',
  read: (reader) => ({
    kind: 'subscription',
    name: reader.name('name'),
    publisher: reader.object('publisher', readPublisher),
    publications: reader.names('publications'),
    slotName: reader.slotName('slotName'),
    copyData: reader.flag('copyData', true),
    enabled: reader.flag('enabled', true),
    revision: reader.optionalText('revision') ?? '',
    originNone: reader.flag('originNone', false),
  }),
  name: (spec) => spec.name,
  secrets: (spec) => [spec.publisher.secret],
  observe: (spec, { major }) =>
    sql(
      `SELECT subenabled AS enabled,${supports(major, 'subscription-origin') ? ` suborigin = 'none' AS "originNone",` : ''} subslotname AS "slotName", pg_catalog.to_jsonb(subpublications) AS publications, (SELECT count(*)::int FROM pg_catalog.pg_subscription_rel WHERE srsubid = s.oid) AS tables FROM pg_catalog.pg_subscription s WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
      [spec.name],
    ),
  observed: (row) => row as unknown as ObservedSubscription | undefined,
  plan(spec, observed, context) {
    if (spec.publications.length === 0) {
      throw new PontoonError(
        'INVALID',
        `'publications' of subscription ${quoteIdentifier(spec.name)} must name at least one, got none; name it`,
      );
    }
    if (spec.originNone) {
      requireCapability(context.server.major, 'subscription-origin', {
        what: 'originNone',
        wayOut: 'remove it',
      });
    }
    const secret = secretOf(spec, context);
    return observed === undefined
      ? createSubscription(spec, secret)
      : alterSubscription(spec, observed, secret, context);
  },
  drop(spec, observed) {
    const name = quoteIdentifier(spec.name);
    // The slot is dropped as an object of its own, so that this works when the publisher is gone.
    return [
      ...(observed.enabled
        ? [step(`disable subscription ${name}`, sql(`ALTER SUBSCRIPTION ${name} DISABLE`))]
        : []),
      ...(observed.slotName === null
        ? []
        : [
            step(
              `part subscription ${name} from its slot`,
              sql(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`),
            ),
          ]),
      stepAlone(`drop subscription ${name}`, sql(`DROP SUBSCRIPTION ${name}`)),
    ];
  },
};

function readPublisher(reader: Reader): PublisherAddress {
  return {
    server: reader.text('server'),
    host: reader.text('host'),
    port: reader.integer('port', 1),
    database: reader.name('database'),
    secret: reader.text('secret'),
    sslMode: reader.choice('sslMode', Object.values(PublisherSslMode)),
    sslRootCert: reader.optionalText('sslRootCert') ?? '',
  };
}

function secretOf(
  spec: SubscriptionSpec,
  { secrets }: PlanContext<SubscriptionSpec>,
): ResolvedSecret {
  const secret = secrets[spec.publisher.secret];
  if (secret !== undefined) return secret;
  throw new PontoonError(
    'NO_SECRET',
    `secret of subscription ${quoteIdentifier(spec.name)} must be given, got nothing; check its reference`,
  );
}

/**
 * A failing statement is written into the server's log with everything in it. So the subscription is created with a
 * placeholder and without connecting, and gets its password by a statement that has little left to fail at.
 */
function createSubscription(spec: SubscriptionSpec, secret: ResolvedSecret): Step[] {
  const name = quoteIdentifier(spec.name);
  const placeholder = quoteLiteral(
    conninfo(spec.publisher, { username: secret.username, password: 'to-be-set' }),
  );
  const options = [
    'connect = false',
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

function alterSubscription(
  spec: SubscriptionSpec,
  observed: ObservedSubscription,
  secret: ResolvedSecret,
  { applied }: PlanContext<SubscriptionSpec>,
): Step[] {
  const name = quoteIdentifier(spec.name);
  const steps: Step[] = [];
  const version = applied?.secretVersions[spec.publisher.secret];
  const earlier = applied?.earlier ?? [];
  const moved =
    earlier.length === 0 || !earlier.every((one) => samePublisher(one.publisher, spec.publisher));
  if (moved || version !== secret.version) {
    steps.push(setConnection(spec, secret));
  }
  const published = sameNames(observed.publications, spec.publications);
  if (!published) {
    steps.push(
      stepAlone(
        `set the publications of subscription ${name}`,
        sql(
          `ALTER SUBSCRIPTION ${name} SET PUBLICATION ${publicationList(spec)} WITH (refresh = false)`,
        ),
      ),
    );
  }
  if (observed.originNone !== undefined && observed.originNone !== spec.originNone) {
    steps.push(
      step(
        `set the origin of subscription ${name}`,
        sql(`ALTER SUBSCRIPTION ${name} SET (origin = ${spec.originNone ? 'none' : 'any'})`),
      ),
    );
  }
  const otherSlot = observed.slotName !== spec.slotName;
  if (observed.enabled && (otherSlot || !spec.enabled)) steps.push(enable(name, false));
  if (otherSlot) {
    steps.push(
      step(
        `set the slot of subscription ${name}`,
        sql(`ALTER SUBSCRIPTION ${name} SET (slot_name = ${quoteLiteral(spec.slotName)})`),
      ),
    );
  }
  if (spec.enabled && (otherSlot || !observed.enabled)) steps.push(enable(name, true));
  const revised = earlier.some(({ revision }) => revision !== spec.revision);
  // A disabled subscription takes up nothing, so that what it missed is taken up once it is enabled.
  const missed = observed.tables === 0 || revised || !published || !observed.enabled;
  if (spec.enabled && missed) steps.push(takeUpTables(spec));
  return steps;
}

function samePublisher(a: PublisherAddress, b: PublisherAddress): boolean {
  return (Object.keys(b) as (keyof PublisherAddress)[]).every((key) => a[key] === b[key]);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function publicationList(spec: SubscriptionSpec): string {
  return spec.publications.map(quoteIdentifier).join(', ');
}

function conninfo(
  publisher: PublisherAddress,
  login: { readonly username: string; readonly password: string },
): string {
  const options: Record<string, string> = {
    host: publisher.host,
    port: String(publisher.port),
    dbname: publisher.database,
    user: login.username,
    password: login.password,
    sslmode: publisher.sslMode,
    ...(publisher.sslRootCert === '' ? {} : { sslrootcert: publisher.sslRootCert }),
    keepalives_idle: '30',
  };
  return Object.entries(options)
    .map(([key, value]) => `${key}=${quoteConninfo(value)}`)
    .join(' ');
}

/** Tables of a subscription that are not yet streaming. */
export function unsyncedTables(name: string): Statement {
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name, r.srsubstate AS state FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_catalog.pg_class c ON c.oid = r.srrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE s.subname = $1 AND r.srsubstate NOT IN ('r', 's')`,
    [name],
  );
}
