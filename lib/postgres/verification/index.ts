export {
  type ReportedColumn,
  type ReportedKeyColumn,
  type ReportedTable,
  reportedTablesSql,
} from './catalog';
export {
  compareTables,
  judgeDigests,
  type TableComparison,
  type Verdict,
} from './compare';
export type { Sides } from './compare-columns';
export {
  bucketDigestsSql,
  DIGEST_SESSION,
  type Digest,
  digestSql,
  rangeEndSql,
  rowHashesSql,
  saysItsEnd,
} from './digest';
export type { Buckets, ComparedColumn, DigestScope, KeyColumn, Piece, RowKey } from './scope';
export {
  readTransformations,
  type TargetNames,
  targetNames,
  targetSelection,
  underSourceNames,
} from './target-names';
