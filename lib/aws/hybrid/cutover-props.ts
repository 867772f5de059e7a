import type { PublisherSslMode } from '../../postgres';
import type { CutoverOptions } from '../cutover';

/**
 * How the source's server reaches the target after the cutover, to follow it by a subscription. It is the only connection
 * that the source's server opens itself: its firewall must let it out to the target's port.
 */
export interface HybridWayBack {
  /**
   * The file on the source's host with the root certificates of Amazon RDS, which its server can read. Required unless
   * `sslMode` is REQUIRE. Changing it takes effect with the next execution that makes the subscription.
   *
   * @default - none
   * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html
   */
  readonly sslRootCert?: string;
  /**
   * How the source checks the target's certificate. Changing it takes effect with the next execution that makes the
   * subscription.
   *
   * @default PublisherSslMode.VERIFY_FULL
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly sslMode?: PublisherSslMode;
  /**
   * The host under which the source's server reaches the target. VERIFY_FULL needs it in the target's certificate.
   *
   * @default - the target's host, which public resolvers answer with its private address
   */
  readonly host?: string;
}

/** The cutover from the source to the target: a state machine that a deployment makes and never starts. */
export interface HybridCutover extends CutoverOptions {
  /**
   * How the source follows the target after the cutover, which a rollback needs. Adding it makes a role and a publication
   * on the target, and opens its port to the source's networks. Either this or `noRollback` must be given.
   *
   * @default - none; `noRollback` must say so
   */
  readonly wayBack?: HybridWayBack;
  /**
   * Declares that there is no rollback, as row filters, column lists and transformations require.
   *
   * @default false
   */
  readonly noRollback?: boolean;
}
