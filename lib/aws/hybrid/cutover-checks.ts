import { Problems, PublisherSslMode, selectionUses } from '../../postgres';
import type { HybridMigrationProps } from './props';

/** Says what is wrong with `cutover`, as far as the state machine does not say it. */
export function cutoverProblems({ cutover, replication }: HybridMigrationProps): readonly string[] {
  const problems = new Problems();
  if (cutover === undefined) return [];
  const { wayBack, noRollback = false } = cutover;
  problems.addIf(
    (wayBack !== undefined) === noRollback,
    `'cutover' must have either 'wayBack' or 'noRollback: true', got ${noRollback ? 'both' : 'neither'}; say how the source follows the target, or declare that there is no rollback`,
  );
  problems.addIf(
    replication.dms?.taskSettings?.batchApply === true,
    "'replication.dms.taskSettings.batchApply' cannot be true where there is a cutover, which relies on changes being applied in the order of their commits; remove it, or remove 'cutover'",
  );
  if (wayBack === undefined) return problems.list();
  const encrypted = wayBack.sslMode === PublisherSslMode.REQUIRE;
  problems.addIf(
    !encrypted && (wayBack.sslRootCert ?? '') === '',
    "'cutover.wayBack.sslRootCert' must be the file with the roots of Amazon RDS on the source's host, got nothing; put them there and name the file, or set 'cutover.wayBack.sslMode' to PublisherSslMode.REQUIRE, which does not verify",
  );
  const uses = selectionUses(replication.selection);
  for (const [used, what, rest] of [
    [uses.rowFilters, 'replication.selection.tables.rowFilters', 'rows that were left out are'],
    [uses.columns, 'replication.selection.tables.columns', 'columns that were left out are'],
    [
      (replication.dms?.transformations ?? []).length > 0,
      'replication.dms.transformations',
      'the names of the source are',
    ],
  ] as const)
    problems.addIf(
      used,
      `'${what}' cannot be given where there is a way back, since ${rest} not on the target; remove it, or declare 'cutover.noRollback: true' in place of 'cutover.wayBack'`,
    );
  return problems.list();
}
