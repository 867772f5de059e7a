export {
  deriveSettings,
  type RequiredSetting,
  type SettingRule,
  type SizingOptions,
} from './derive';
export {
  diffSettings,
  type ReportedSetting,
  readSettings,
  renderAlterSystem,
  type SettingDifference,
} from './diff';
export { renderConf, renderParameterGroup, settingsByName } from './render';
