export { CONTROL_SCHEMA } from './control-schema';
export { type DmsMappingOptions, tableMappingProblems } from './mapping-problems';
export type { DmsRule, DmsTableMappings } from './rule';
export { compileTableMappings, mappingsFit } from './table-mappings';
export { DmsLobMode, type DmsRanges, type DmsTableSettings } from './table-settings';
export {
  DmsLogLevel,
  DmsTablePreparation,
  type DmsTaskSettings,
  DmsTruncationPolicy,
  renderTaskSettings,
  taskSettingsProblems,
} from './task-settings';
export {
  type DmsTransformation,
  DmsTransformationAction,
  DmsTransformationTarget,
} from './transformations';
