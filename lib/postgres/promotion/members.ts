import {
  clusterOf,
  type SynchronousStandbys,
  slotNameFor,
  slotNameOf,
  standbyLinkInto,
  type Topology,
} from '../topology';

/** The physical slot that `member` of a cluster reads from, on whichever server is the primary. */
export function memberSlot(topology: Topology, member: string): string {
  const link = standbyLinkInto(topology, member);
  return link === undefined ? slotNameFor(member, topology) : slotNameOf(topology, link);
}

/**
 * Whom `primary` waits for once it is the primary: as the topology says of its own primary, which takes the place of
 * the one that was promoted.
 */
export function quorumOf(topology: Topology, primary: string): SynchronousStandbys | undefined {
  const [first = primary] = clusterOf(topology, primary);
  const synchronous = topology.servers[first]?.synchronous;
  if (synchronous === undefined || primary === first) return synchronous;
  return {
    quorum: synchronous.quorum,
    standbys: synchronous.standbys.map((name) => (name === primary ? first : name)),
  };
}
