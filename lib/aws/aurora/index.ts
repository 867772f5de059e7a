export { AuroraTarget } from './aurora-target';
export { engineProblems } from './engine';
export type { AuroraTargetProps } from './props';
