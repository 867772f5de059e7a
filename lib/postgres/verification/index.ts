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
  type Buckets,
  bucketDigestsSql,
  type ComparedColumn,
  DIGEST_SESSION,
  type Digest,
  type DigestScope,
  digestSql,
  type KeyColumn,
  type Piece,
  type RowKey,
  rangeEndSql,
  rowHashesSql,
  saysItsEnd,
} from './digest';
export {
  readTransformations,
  type TargetNames,
  targetNames,
  targetSelection,
  underSourceNames,
} from './target-names';
