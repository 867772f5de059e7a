import { quoteLiteral } from '../identifiers';

/**
 * SQL that answers with the jsonb that `query` selects as `answer` where pglogical is installed, and with null where it is
 * not: there `query`, which names tables of the extension, is not even looked at.
 */
export function wherePglogicalIs(query: string): string {
  const xml = `pg_catalog.query_to_xml(${quoteLiteral(query)}, false, true, '')::text`;
  const answer = `pg_catalog.substring(${xml}, '<answer>(.*)</answer>')`;
  const unescaped = ['&lt;|<', '&gt;|>', '&#x0d;|\r', '&amp;|&'].reduce((sql, pair) => {
    const [from = '', to = ''] = pair.split('|');
    return `pg_catalog.replace(${sql}, ${quoteLiteral(from)}, ${quoteLiteral(to)})`;
  }, answer);
  return `CASE WHEN pg_catalog.to_regclass('pglogical.local_node') IS NOT NULL THEN ${unescaped}::jsonb END`;
}
