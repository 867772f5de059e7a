import { Problems } from '../errors';
import type { PublisherAddress } from '../objects';
import { selectionUses, type TableSelection } from '../table-selection';
import {
  LinkKind,
  linksFrom,
  linksInto,
  primaryOf,
  serverOf,
  slotNameOf,
  type Topology,
  type TopologyLink,
} from '../topology';
import { CUTOVER_LIMITS, type CutoverLimits, type CutoverPlan, type ReplicationPath } from './plan';

/** What a topology does not say of a cutover. */
export interface CutoverOptions {
  /** What tells this migration from others on the same servers. */
  readonly migration: string;
  /** The server that becomes the writer. */
  readonly to: string;
  /** Names on the way forward. */
  readonly forward: Pick<ReplicationPath, 'subscription' | 'publication' | 'writer'>;
  /** Names on the way back, and where its subscription reads from; undefined if the user declared that there is none. */
  readonly reverse: ReverseOptions | undefined;
  /** Whether AWS DMS renames or removes anything on the way, which no native way back could undo. */
  readonly transformed: boolean;
  /** Roles that may connect to a fenced server, by server. */
  readonly keep: { readonly [server: string]: readonly string[] };
  readonly limits?: Partial<CutoverLimits>;
}

/** The way back, which is always native. */
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
  const { to, reverse, migration } = options;
  serverOf(topology, to);
  const link = forwardLink(topology, to, problems);
  if (reverse !== undefined && link?.selection !== undefined)
    checkWayBack(link.selection, options.transformed, problems);
  problems.throwIfAny(`the cutover of '${migration}'`);
  if (link?.selection === undefined) throw new RangeError('a logical link has a selection');
  const forward: ReplicationPath = {
    kind: link.kind === LinkKind.DMS ? LinkKind.DMS : LinkKind.NATIVE,
    decoder: link.from,
    slotName: slotNameOf(topology, link),
    ...options.forward,
  };
  return {
    migration,
    from: primaryOf(topology, link.from),
    to,
    selection: link.selection,
    forward,
    ...(reverse === undefined
      ? {}
      : { reverse: { kind: LinkKind.NATIVE, decoder: to, ...reverse } }),
    keep: options.keep,
    limits: { ...CUTOVER_LIMITS, ...options.limits },
  };
}

function forwardLink(topology: Topology, to: string, problems: Problems): TopologyLink | undefined {
  const into = linksInto(topology, to).filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  problems.addIf(
    into.length !== 1,
    `'to' must be a server with one logical link into it, got '${to}' with ${into.length}; name the target of the migration`,
  );
  const onwards = linksFrom(topology, to).filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  problems.addIf(
    onwards.length > 0,
    `'to' must be the end of its chain, got '${to}', which replicates to '${onwards[0]?.to}'; cut over the last server`,
  );
  return into[0];
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
