import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';
import type { SynchronousStandbys } from '../topology';

/** For whom the commits of a server wait, and for whom it has noted that they do. */
export interface WaitedFor {
  /** What `synchronous_standby_names` is on the server that is asked; empty if its sessions do not wait by themselves. */
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
    `SELECT CASE WHEN reset_val IN ('off', 'local') THEN '' ELSE pg_catalog.current_setting('synchronous_standby_names') END AS "inForce", (
  SELECT substr(setting, ${NOTE.length + 2}) FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) setting
  WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0 AND setting LIKE '${NOTE}=%') AS noted
FROM pg_catalog.pg_settings WHERE name = 'synchronous_commit'`,
  );
}

/** Whom `names`, a `synchronous_standby_names`, asks for, and of how many; undefined if of nobody. `*` is whoever follows. */
export function parseWaitedFor(names: string): SynchronousStandbys | undefined {
  const [, count = '1', listed = names] =
    /^\s*(?:(?:ANY|FIRST)\s+)?(\d+)\s*\((.*)\)\s*$/isu.exec(names) ?? [];
  const standbys = [...listed.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/gu)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare,
  );
  return standbys.length === 0 ? undefined : { quorum: Number(count), standbys };
}

/** Asks for the roles and databases whose commits wait for no standby, as far as a standby can know. */
export function unwaiting(): Statement {
  return sql(
    `SELECT coalesce(nullif(concat_ws(' in ', 'role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname)), ''), 'every role') AS who
FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
WHERE EXISTS (SELECT FROM pg_catalog.unnest(s.setconfig) setting
  WHERE lower(setting) ~ '^synchronous_commit=(off|local|false|no|0)$') ORDER BY 1`,
  );
}

/** Notes in `database`, for its standbys, that commits wait for `names`; that they wait for nobody if that is empty. */
export function noteWaitedFor(database: string, names: string): Statement {
  const change = names === '' ? `RESET ${NOTE}` : `SET ${NOTE} = ${quoteLiteral(names)}`;
  return sql(`ALTER DATABASE ${quoteIdentifier(database)} ${change}`);
}
