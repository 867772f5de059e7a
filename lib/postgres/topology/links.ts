import { type NamePrefix, partName, slotNameFor } from './names';
import { LinkKind, type TopologyLink, type TopologyProps } from './topology';

/** The links that start at `name`. */
export function linksFrom(topology: TopologyProps, name: string): TopologyLink[] {
  return topology.links.filter((link) => link.from === name);
}

/** The links that end at `name`. */
export function linksInto(topology: TopologyProps, name: string): TopologyLink[] {
  return topology.links.filter((link) => link.to === name);
}

/** The slot that `link` of `topology` reads from. */
export function slotNameOf(topology: NamePrefix, { slotName, to, part }: TopologyLink): string {
  return slotName ?? partName(slotNameFor(to, topology), part);
}

/** The physical link that makes `name` a standby, unless it was promoted. */
export function standbyLinkInto(topology: TopologyProps, name: string): TopologyLink | undefined {
  return topology.links.find(
    (link) => link.kind === LinkKind.PHYSICAL && link.to === name && link.promoted !== true,
  );
}

/** The server whose changes `name` has: itself, or the primary above a standby that was not promoted. */
export function primaryOf(topology: TopologyProps, name: string): string {
  let current = name;
  for (let steps = 0; steps <= topology.links.length; steps += 1) {
    const above = standbyLinkInto(topology, current);
    if (above === undefined) return current;
    current = above.from;
  }
  return current;
}
