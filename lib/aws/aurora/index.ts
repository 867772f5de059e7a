export { AuroraTarget } from './aurora-target';
export { engineProblems } from './engine';
export type { AuroraClusterOptions, AuroraTargetProps } from './props';
export { type ClusterPlan, clusterProblems } from './validate';
