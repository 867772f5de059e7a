export {
  type ConfigurationOptions,
  deriveConfiguration,
  EXTENSIONS_SETTING,
  STATEMENTS_SETTING,
  usesPglogical,
} from './configuration';
export { deriveSettings } from './derive';
export {
  diffSettings,
  type ReportedSetting,
  readSettings,
  renderAlterSystem,
  type SettingDifference,
} from './diff';
export {
  renderConf,
  renderParameterGroup,
  settingsByName,
} from './render';
export type { RequiredSetting, SettingRule, SizingOptions } from './requirement';
export { synchronousNames } from './synchronous';
