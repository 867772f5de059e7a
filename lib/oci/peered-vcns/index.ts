export type { PeeredRegion, PeeredVcnsArgs } from './args';
export { type PeeredNetwork, PeeredVcns } from './peered-vcns';
