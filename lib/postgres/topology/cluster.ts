import { linksFrom, standbyLinkInto } from './links';
import { Platform, type TopologyProps } from './topology';

/**
 * The servers of which each may be promoted in place of the primary among them: hosts of ours that stream from one
 * primary, and that primary, which comes first. Empty for a server that belongs to no such cluster.
 */
export function clusterOf(topology: TopologyProps, name: string): string[] {
  const primary = standbyLinkInto(topology, name)?.from ?? name;
  const members = [primary, ...directStandbys(topology, primary)].filter(
    (member) => topology.servers[member]?.platform === Platform.OCI_VM,
  );
  return members.includes(name) && members.includes(primary) && members.length > 1 ? members : [];
}

/** The standbys that stream from `primary` itself. */
export function directStandbys(topology: TopologyProps, primary: string): string[] {
  return linksFrom(topology, primary)
    .filter(({ to }) => standbyLinkInto(topology, to)?.from === primary)
    .map(({ to }) => to);
}
