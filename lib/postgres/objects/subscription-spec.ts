import type { Reader } from '../reader';
import { readSelection, type TableSelection } from '../table-selection';

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
  /**
   * What the publications hold. When it changes, new tables are taken up; one that copies rows is made only where these
   * tables are empty, and nothing else carries them.
   */
  readonly selection?: TableSelection;
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
    ...readOptionalSelection(reader),
    originNone: reader.flag('originNone', false),
  };
}

/** Reads what is carried, where it is told. */
export function readOptionalSelection(reader: Reader): { readonly selection?: TableSelection } {
  const selection = reader.optionalObject('selection', readSelection);
  return selection === undefined ? {} : { selection };
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
