export {
  type Capability,
  capabilitySince,
  KNOWN_MAJORS,
  knownMajor,
  requireCapability,
  supports,
} from './capabilities';
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
export { type Statement, secretSql, sql } from './statement';
