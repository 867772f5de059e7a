import { LinkKind, linksFrom, type Topology } from '../topology';

/** Whether `name` or a standby below it is decoded. */
export function decodesBelow(topology: Topology, name: string): boolean {
  return linksFrom(topology, name)
    .filter((link) => link.promoted !== true)
    .some((link) => link.kind !== LinkKind.PHYSICAL || decodesBelow(topology, link.to));
}
