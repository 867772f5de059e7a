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
  renderConfigurationOverrides,
  renderParameterGroup,
  settingsByName,
} from './render';
export type { RequiredSetting, SettingRule, SizingOptions } from './requirement';
export { synchronousNames } from './synchronous';
