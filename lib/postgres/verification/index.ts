export { type ReportedColumn, type ReportedTable, reportedTablesSql } from './catalog';
export {
  compareTables,
  judgeDigests,
  type Sides,
  type TableComparison,
  type Verdict,
} from './compare';
export {
  type ComparedColumn,
  DIGEST_SESSION,
  type Digest,
  type DigestScope,
  digestSql,
} from './digest';
