export {
  type ReportedColumn,
  type ReportedKeyColumn,
  type ReportedTable,
  reportedTablesSql,
} from './catalog';
export {
  compareTables,
  judgeDigests,
  type Sides,
  type TableComparison,
  type Verdict,
} from './compare';
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
