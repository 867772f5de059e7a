import type { Reader } from '../reader';

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

/** Reads the spec of a subscription out of plain data. */
export function readSubscription(reader: Reader): SubscriptionSpec {
  return {
    kind: 'subscription',
    name: reader.name('name'),
    publisher: reader.object('publisher', readPublisher),
    publications: reader.names('publications'),
    slotName: reader.slotName('slotName'),
    copyData: reader.flag('copyData', true),
    enabled: reader.flag('enabled', true),
    revision: reader.optionalText('revision') ?? '',
    originNone: reader.flag('originNone', false),
  };
}

/** Reads where a subscription finds its publisher. */
export function readPublisher(reader: Reader): PublisherAddress {
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
