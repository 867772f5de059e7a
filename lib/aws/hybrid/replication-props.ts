import type { PublisherSslMode, TableSelection } from '../../postgres';
import type { DmsOptions } from '../dms';

/** How changes get from the standby to the target. */
export enum ReplicationMethod {
  /** AWS Database Migration Service: tables without subscriptions' limits, with transformations. */
  DMS = 'dms',
  /** PostgreSQL's own logical replication. */
  NATIVE = 'native',
}

/** Where changes are decoded. */
export enum Bridge {
  /** On the standby while it follows the source: needs PostgreSQL 16+ and `wal_level = logical` on the source. */
  DECODE_ON_STANDBY = 'decode-on-standby',
  /**
   * On the standby after it was promoted and the applications moved to it: for an older source, or one whose
   * `wal_level` cannot be raised. Until you say `promoted: true`, only the standby is deployed.
   */
  PROMOTE = 'promote',
}

/** What gets from the standby to the target, and how. */
export interface HybridReplication {
  /** What is replicated. Changing it alters publication or task in place; AWS DMS loads new tables by `dms.reload` only. */
  readonly selection: TableSelection;
  /**
   * How changes get from the standby to the target. Changing it copies the data again.
   *
   * @default ReplicationMethod.DMS
   */
  readonly method?: ReplicationMethod;
  /**
   * Where changes are decoded. Changing it replaces the standby's instance, whose settings depend on it; the data stays.
   *
   * @default Bridge.DECODE_ON_STANDBY
   * @see https://www.postgresql.org/docs/current/logicaldecoding-explanation.html
   */
  readonly bridge?: Bridge;
  /**
   * How AWS DMS works: engine, instance, transformations, task settings. By default tables are filled as the schema copy
   * left them (`tablePreparation: DO_NOTHING`), since a plain TRUNCATE fails where foreign keys refer to a table.
   *
   * @default - the defaults of DmsReplication
   */
  readonly dms?: DmsOptions;
  /**
   * How Aurora checks the standby's certificate in a native subscription. Aurora holds only the roots of Amazon RDS,
   * and the standby has a certificate of its own, so that Aurora can merely encrypt. Changing it alters the subscription
   * in place.
   *
   * @default PublisherSslMode.REQUIRE
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly subscriptionSslMode?: PublisherSslMode;
}
