import {
  LinkKind,
  PontoonError,
  primaryOf,
  type TableSelection,
  type Topology,
  type TopologyLink,
} from '../postgres';

/** The servers of a migration by the part that they play in a rehearsal. */
export interface Chain {
  /** The server that the data comes from. */
  readonly source: string;
  /** The standby of the source that changes are read from; undefined if they are read from the source. */
  readonly standby: string | undefined;
  /** The server that the data goes to. */
  readonly target: string;
  /** What is replicated to the target. */
  readonly selection: TableSelection;
  /** How. */
  readonly kind: LinkKind;
}

/**
 * Finds the chain in a topology.
 *
 * @throws PontoonError unless exactly one link leads to another kind of copy than a physical one.
 */
export function readChain(topology: Topology): Chain {
  const logical = topology.links.filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  const [link, ...others] = logical;
  if (link?.selection === undefined || others.length > 0) {
    throw new PontoonError(
      'NO_CHAIN',
      `a migration must have one link that replicates tables to be rehearsed, got ${describe(logical)}; ${logical.length === 0 ? 'rehearse it once the standby was promoted' : 'rehearse each target by a migration of its own'}`,
    );
  }
  const source = primaryOf(topology, link.from);
  return {
    source,
    standby: source === link.from ? undefined : link.from,
    target: link.to,
    selection: link.selection,
    kind: link.kind,
  };
}

function describe(links: readonly TopologyLink[]): string {
  return links.length === 0
    ? 'none'
    : links.map(({ from, to }) => `'${from}' to '${to}'`).join(', ');
}
