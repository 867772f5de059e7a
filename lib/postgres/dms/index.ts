export type { DmsRule, DmsTableMappings } from './rule';
export {
  compileTableMappings,
  type DmsMappingOptions,
  mappingsFit,
  tableMappingProblems,
} from './table-mappings';
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
