import {
  LinkKind,
  PontoonError,
  primaryOf,
  type TableSelection,
  type Topology,
  type TopologyLink,
  unite,
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
  /** Whether several links share the tables, each of which arrives in its own time. */
  readonly shared: boolean;
}

/**
 * Finds the chain in a topology.
 *
 * @throws PontoonError unless one link leads to another kind of copy than a physical one, or several that share tables.
 */
export function readChain(topology: Topology): Chain {
  const logical = topology.links.filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  const [link, ...others] = logical;
  const together = others.every(({ from, to }) => from === link?.from && to === link.to);
  if (link?.selection === undefined || !together) {
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
    selection: unite(logical.map(({ selection }) => selection ?? {})),
    kind: link.kind,
    shared: others.length > 0,
  };
}

function describe(links: readonly TopologyLink[]): string {
  return links.length === 0
    ? 'none'
    : links.map(({ from, to }) => `'${from}' to '${to}'`).join(', ');
}
