import {
  LinkKind,
  type PublishedTable,
  type QualifiedName,
  quoteQualified,
  type ReplicationPath,
  unfollowed,
  unidentified,
  unloggedTable,
  unpublished,
} from '../../postgres';
import type { CutoverContext } from './context';
import { sqlOf, subscriptionOf } from './paths';

/**
 * Why the changes of a selected table do not reach the other side: no list of tables grows by itself when a table is made.
 * AWS DMS is asked for its own tables.
 */
export async function lookAtCarried(context: CutoverContext): Promise<string | undefined> {
  const { forward, reverse = [] } = context.plan;
  // Applications may wait for this behind the fence, so that both servers are asked at once.
  const [unlogged, there, back] = await Promise.all([
    lostByNature(context),
    lostThere(context, subscribed(forward)),
    lostBack(context, subscribed(reverse)),
  ]);
  return unlogged ?? there ?? back;
}

/** What is in no log is carried by nobody, AWS DMS neither. */
async function lostByNature(context: CutoverContext): Promise<string | undefined> {
  const { from, selection } = context.plan;
  const row = await context.runOne(from, unloggedTable(selection));
  return row === undefined
    ? undefined
    : `table ${quoteQualified(row as unknown as QualifiedName)} on '${from}' is UNLOGGED, which nothing carries: SET LOGGED there, or exclude it from the selection`;
}

async function lostThere(
  context: CutoverContext,
  paths: readonly ReplicationPath[],
): Promise<string | undefined> {
  const { from, to } = context.plan;
  const [first] = paths;
  if (first === undefined) return undefined;
  const names = paths.map(subscriptionOf);
  const [tables, rows] = await Promise.all([
    publishedBy(context, from, paths),
    context.run(to, sqlOf(context, first).followed(names, publicationsOf(paths))),
  ]);
  const reason = unpublishedOn(from, tables, paths);
  if (reason !== undefined) return reason;
  const lost = unfollowed(tables, rows as unknown as readonly QualifiedName[]);
  return lost === undefined
    ? undefined
    : `table ${quoteQualified(lost)} is not followed by ${quoted(names)} on '${to}'`;
}

async function lostBack(
  context: CutoverContext,
  back: readonly ReplicationPath[],
): Promise<string | undefined> {
  const { to } = context.plan;
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
  const [first] = paths;
  if (first === undefined) return [];
  const { published } = sqlOf(context, first);
  // The statement's columns are those of a published table.
  return (await context.run(
    server,
    published(context.plan.selection, publicationsOf(paths)),
  )) as unknown as readonly PublishedTable[];
}

function unpublishedOn(
  server: string,
  tables: readonly PublishedTable[],
  paths: readonly ReplicationPath[],
): string | undefined {
  const missing = unpublished(tables);
  const names = publicationsOf(paths);
  return missing === undefined
    ? undefined
    : `not every change of table ${quoteQualified(missing)} is published on '${server}' by ${quoted(names)}${missing.partial === true ? ', whose row filter or columns for it are not those of the selection' : ''}`;
}

function publicationsOf(paths: readonly ReplicationPath[]): readonly string[] {
  return paths.flatMap(({ publication }) => publication ?? []);
}

function subscribed(paths: readonly ReplicationPath[]): readonly ReplicationPath[] {
  return paths.filter(({ kind }) => kind !== LinkKind.DMS);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
