export { createTopology, linksFrom, linksInto, serverOf, type Topology } from './create';
export { checkPlainData } from './plain-data';
export { readTopology } from './read';
export {
  isManaged,
  primaryOf,
  slotNameOf,
  standbyLinkInto,
  topologyProblems,
  topologyWarnings,
} from './rules';
export {
  LinkKind,
  Platform,
  type TopologyLink,
  type TopologyProps,
  type TopologyServer,
  WalLevel,
} from './topology';
