export { deriveFlows, type Flow, type FlowOrigin, type HbaRule, renderHba } from './access';
export {
  type Capability,
  capabilitySince,
  KNOWN_MAJORS,
  knownMajor,
  requireCapability,
  supports,
} from './capabilities';
export { type Connection, RDS_AUTHORITIES, readConnection } from './connection';
export { PontoonError, Problems, ValidationError } from './errors';
export {
  nameProblem,
  type QualifiedName,
  quoteConninfo,
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
  slotNameProblem,
} from './identifiers';
export { formatLsn, type Lsn, lsnDistance, parseLsn } from './lsn';
export { Reader } from './reader';
export {
  createSecret,
  parseSecret,
  type Secret,
  type SecretFields,
  type SecretStore,
} from './secrets';
export {
  deriveSettings,
  diffSettings,
  type ReportedSetting,
  type RequiredSetting,
  readSettings,
  renderAlterSystem,
  renderConf,
  renderParameterGroup,
  type SettingDifference,
  type SettingRule,
  type SizingOptions,
  settingsByName,
} from './settings';
export { type Statement, secretSql, sql } from './statement';
export {
  FilterOperator,
  OWN_SCHEMA,
  type RowFilter,
  readSelection,
  rowFilterSql,
  type SelectedTable,
  selectedSchemas,
  selectedTable,
  selectionProblems,
  selectionSql,
  selectionUses,
  selects,
  type TableSelection,
} from './table-selection';
export {
  checkPlainData,
  createTopology,
  isManaged,
  LinkKind,
  linksFrom,
  linksInto,
  Platform,
  primaryOf,
  serverOf,
  slotNameOf,
  standbyLinkInto,
  type Topology,
  type TopologyLink,
  type TopologyProps,
  type TopologyServer,
  topologyProblems,
  topologyWarnings,
  WalLevel,
} from './topology';
