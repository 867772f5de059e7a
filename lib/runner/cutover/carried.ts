import {
  followedTables,
  LinkKind,
  type PublishedTable,
  publishedTables,
  type QualifiedName,
  quoteQualified,
  type ReplicationPath,
  unfollowed,
  unidentified,
  unpublished,
} from '../../postgres';
import type { CutoverContext } from './context';
import { subscriptionOf } from './paths';

/**
 * Why the changes of a selected table do not reach the other side: no list of tables grows by itself when a table is made.
 * AWS DMS is asked for its own tables.
 */
export async function lookAtCarried(context: CutoverContext): Promise<string | undefined> {
  const { from, to, forward, reverse = [] } = context.plan;
  const [there, back] = [nativeOf(forward), nativeOf(reverse)];
  if (there.length > 0) {
    const tables = await publishedBy(context, from, there);
    const reason = unpublishedOn(from, tables, there);
    if (reason !== undefined) return reason;
    const rows = await context.run(to, followedTables(there.map(subscriptionOf)));
    const lost = unfollowed(tables, rows as unknown as readonly QualifiedName[]);
    if (lost !== undefined)
      return `table ${quoteQualified(lost)} is not followed by ${quoted(there.map(subscriptionOf))} on '${to}'`;
  }
  if (back.length === 0) return undefined;
  const tables = await publishedBy(context, to, back);
  const bare = unidentified(tables);
  return bare === undefined
    ? unpublishedOn(to, tables, back)
    : `table ${quoteQualified(bare)} on '${to}' has no replica identity, so that its UPDATEs and DELETEs would fail there: add a primary key or set REPLICA IDENTITY on both servers`;
}

async function publishedBy(
  context: CutoverContext,
  server: string,
  paths: readonly ReplicationPath[],
): Promise<readonly PublishedTable[]> {
  const names = paths.flatMap(({ publication }) => publication ?? []);
  // The statement's columns are those of a published table.
  return (await context.run(
    server,
    publishedTables(context.plan.selection, names),
  )) as unknown as readonly PublishedTable[];
}

function unpublishedOn(
  server: string,
  tables: readonly PublishedTable[],
  paths: readonly ReplicationPath[],
): string | undefined {
  const missing = unpublished(tables);
  const names = paths.flatMap(({ publication }) => publication ?? []);
  return missing === undefined
    ? undefined
    : `not every change of table ${quoteQualified(missing)} is published on '${server}' by ${quoted(names)}`;
}

function nativeOf(paths: readonly ReplicationPath[]): readonly ReplicationPath[] {
  return paths.filter(({ kind }) => kind === LinkKind.NATIVE);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
