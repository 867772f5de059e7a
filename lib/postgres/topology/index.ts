export { clusterOf } from './cluster';
export { createTopology, plainTopology, serverOf, type Topology } from './create';
export { linksFrom, linksInto, primaryOf, slotNameOf, standbyLinkInto } from './links';
export { isManaged } from './managed';
export {
  type NamePrefix,
  namePrefixProblem,
  namesOf,
  partName,
  partNameProblem,
  slotNameFor,
  type TopologyNames,
} from './names';
export { pglogicalSelectionProblems } from './pglogical-rules';
export { checkPlainData } from './plain-data';
export { readTopology } from './read';
export { topologyProblems, topologyWarnings } from './rules';
export {
  LinkKind,
  Platform,
  type SynchronousStandbys,
  type TopologyLink,
  type TopologyProps,
  type TopologyServer,
  WalLevel,
} from './topology';
