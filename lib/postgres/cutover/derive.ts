import type { DmsTransformation } from '../dms';
import { Problems } from '../errors';
import type { PublisherAddress } from '../objects';
import { selectionUses, type TableSelection, unite } from '../table-selection';
import {
  LinkKind,
  linksFrom,
  linksInto,
  partName,
  primaryOf,
  serverOf,
  slotNameOf,
  type Topology,
  type TopologyLink,
} from '../topology';
import {
  CUTOVER_LIMITS,
  type CutoverLimits,
  type CutoverPlan,
  loginsProblems,
  type ReplicationPath,
} from './plan';

/** What a topology does not say of a cutover. */
export interface CutoverOptions {
  /** What tells this migration from others on the same servers. */
  readonly migration: string;
  /** The server that becomes the writer. */
  readonly to: string;
  /** Names on the way forward; those of a part end with it. */
  readonly forward: Pick<ReplicationPath, 'subscription' | 'publication' | 'writer'>;
  /** Names on the way back, and where its subscriptions read from; undefined if the user declared that there is none. */
  readonly reverse: ReverseOptions | undefined;
  /** What AWS DMS renames or removes on the way, which no native way back could undo. */
  readonly transformations: readonly DmsTransformation[];
  /** Roles that may connect to a fenced server, by server; those of a standby count for its primary too. */
  readonly keep: { readonly [server: string]: readonly string[] };
  /**
   * What logins of applications are called on the new writer, by their names on the old one, where they differ.
   *
   * @default - they are called alike
   */
  readonly logins?: { readonly [login: string]: string };
  readonly limits?: Partial<CutoverLimits>;
}

/** The way back, which is native unless pglogical carries the way there. */
export interface ReverseOptions {
  readonly subscription: string;
  readonly publication: string;
  readonly slotName: string;
  readonly publisher: PublisherAddress;
}

/**
 * The cutover that makes `options.to` the writer.
 *
 * @throws ValidationError that lists everything that cannot work, each with the way out.
 */
export function deriveCutover(topology: Topology, options: CutoverOptions): CutoverPlan {
  const problems = new Problems();
  const { to, reverse, migration, transformations, logins } = options;
  serverOf(topology, to);
  checkKeep(topology, options.keep, problems);
  for (const problem of loginsProblems(logins ?? {}, 'logins')) problems.add(problem);
  const links = forwardLinks(topology, to, problems);
  const selection = unite(links.map((link) => link.selection ?? {}));
  if (reverse !== undefined) checkWayBack(selection, transformations.length > 0, problems);
  problems.throwIfAny(`the cutover of '${migration}'`);
  const [{ from: decoder } = { from: '' }] = links;
  const from = primaryOf(topology, decoder);
  return {
    migration,
    from,
    to,
    selection,
    ...(transformations.length === 0 ? {} : { transformations }),
    forward: links.map((link) => forwardPath(topology, link, options.forward)),
    ...(reverse === undefined
      ? {}
      : { reverse: links.map((link) => reversePath(to, link, reverse)) }),
    keep: keepOfWriters(topology, options.keep, [from, to]),
    ...(logins === undefined ? {} : { logins }),
    limits: { ...CUTOVER_LIMITS, ...options.limits },
  };
}

function forwardPath(
  topology: Topology,
  link: TopologyLink,
  { subscription, publication, writer }: CutoverOptions['forward'],
): ReplicationPath {
  const { kind, from, part } = link;
  return {
    kind: kind === LinkKind.PHYSICAL ? LinkKind.NATIVE : kind,
    decoder: from,
    slotName: slotNameOf(topology, link),
    ...(subscription === undefined ? {} : { subscription: partName(subscription, part) }),
    ...(publication === undefined ? {} : { publication: partName(publication, part) }),
    ...(writer === undefined ? {} : { writer }),
    ...(part === undefined ? {} : { part }),
  };
}

/** A rollback has to keep up with the same writes, and so the way back is shared as the way there is. */
function reversePath(
  decoder: string,
  { kind, part }: TopologyLink,
  { subscription, publication, slotName, publisher }: ReverseOptions,
): ReplicationPath {
  return {
    kind: kind === LinkKind.PGLOGICAL ? kind : LinkKind.NATIVE,
    decoder,
    subscription: partName(subscription, part),
    publication: partName(publication, part),
    slotName: partName(slotName, part),
    publisher,
    ...(part === undefined ? {} : { part }),
  };
}

function forwardLinks(topology: Topology, to: string, problems: Problems): TopologyLink[] {
  const into = linksInto(topology, to).filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  const [first, ...others] = into;
  const shared = others.every((link) => link.kind === LinkKind.NATIVE && link.from === first?.from);
  problems.addIf(
    first === undefined || !shared || (others.length > 0 && first.kind !== LinkKind.NATIVE),
    `'to' must be a server with one logical link into it, or native ones from one server, got '${to}' with ${into.length}; name the target of the migration`,
  );
  const onwards = linksFrom(topology, to).filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  problems.addIf(
    onwards.length > 0,
    `'to' must be the end of its chain, got '${to}', which replicates to '${onwards[0]?.to}'; cut over the last server`,
  );
  return into;
}

function checkKeep(topology: Topology, keep: CutoverOptions['keep'], problems: Problems): void {
  const known = Object.keys(topology.servers);
  for (const server of Object.keys(keep))
    problems.addIf(
      !known.includes(server),
      `'keep' must name servers of the topology, got '${server}', which is none of ${known.join(', ')}; correct the name`,
    );
}

/**
 * A standby has the access list of its primary, by which its own readers must be kept too. Servers that are left behind,
 * such as the primary of a standby that was promoted, are never fenced.
 */
function keepOfWriters(
  topology: Topology,
  keep: CutoverOptions['keep'],
  writers: readonly string[],
): CutoverPlan['keep'] {
  const merged = new Map<string, Set<string>>();
  for (const [server, roles] of Object.entries(keep)) {
    const writer = primaryOf(topology, server);
    if (writers.includes(writer))
      merged.set(writer, new Set([...(merged.get(writer) ?? []), ...roles]));
  }
  return Object.fromEntries([...merged].map(([server, roles]) => [server, [...roles]]));
}

/** What is left out or renamed on the way there cannot be put back by the same names on the way back. */
function checkWayBack(selection: TableSelection, transformed: boolean, problems: Problems): void {
  const uses = selectionUses(selection);
  const wayOut = `remove it, or declare that there is no rollback`;
  problems.addIf(
    uses.rowFilters,
    `'selection.tables.rowFilters' cannot be given where there is a way back, since rows that were left out are not on the new writer; ${wayOut}`,
  );
  problems.addIf(
    uses.columns,
    `'selection.tables.columns' cannot be given where there is a way back, since columns that were left out are not on the new writer; ${wayOut}`,
  );
  problems.addIf(
    transformed,
    `'transformations' cannot be given where there is a way back, since a native subscription renames nothing; ${wayOut}`,
  );
}
