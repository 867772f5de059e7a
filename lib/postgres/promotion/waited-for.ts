import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';

/** For whom the commits of a server wait, and for whom it has noted that they do. */
export interface WaitedFor {
  /** What `synchronous_standby_names` is on the server that is asked. */
  readonly inForce: string;
  /**
   * What was in force on the primary when it noted so; null if nothing is noted. A server that has the note has all that
   * was committed before it.
   */
  readonly noted: string | null;
}

/** Standbys see of a primary's settings only what is in its databases, and so in its log. */
const NOTE = 'pontoon.synchronous';

/** Asks for whom commits wait; see {@link WaitedFor}. A standby says what its primary noted. */
export function waitedFor(): Statement {
  return sql(
    `SELECT pg_catalog.current_setting('synchronous_standby_names') AS "inForce", (
  SELECT substr(setting, ${NOTE.length + 2}) FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) setting
  WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0 AND setting LIKE '${NOTE}=%') AS noted`,
  );
}

/** Notes in `database`, for its standbys, that commits wait for `names`; that they wait for nobody if that is empty. */
export function noteWaitedFor(database: string, names: string): Statement {
  const change = names === '' ? `RESET ${NOTE}` : `SET ${NOTE} = ${quoteLiteral(names)}`;
  return sql(`ALTER DATABASE ${quoteIdentifier(database)} ${change}`);
}
