import { DmsTablePreparation, type Topology } from '../../postgres';
import { type DmsPlan, dmsPlanProblems } from '../dms';
import { slotsOf } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import { decodesOnStandby } from './source';
import type { HybridSubnets } from './subnets';

/** What AWS DMS does in this migration, whatever it connects. */
export function dmsPlan(props: HybridMigrationProps, sourceIsStandby: boolean): DmsPlan {
  const { vpc, subnets, encryptionKey, monitoring } = props;
  const { selection, dms = {} } = props.replication;
  return {
    vpc,
    ...(subnets === undefined ? {} : { subnets }),
    selection,
    canary: true,
    // Monitoring watches the slot that the task reads, and knows what a cutover stopped.
    alarmWhenStopped: false,
    sourceIsStandby,
    slotName: slotsOf(props).logical,
    ...dms,
    // A plain TRUNCATE fails where foreign keys refer to the table; the copied tables are empty anyway.
    taskSettings: { tablePreparation: DmsTablePreparation.DO_NOTHING, ...dms.taskSettings },
    ...(encryptionKey === undefined ? {} : { kmsKey: encryptionKey }),
    ...(monitoring?.alarmTopic === undefined ? {} : { alarmTopic: monitoring.alarmTopic }),
  };
}

/**
 * Says what is wrong with it, by the names that the user typed. What is wrong with the selection of a topology that
 * could not be made, and with no subnets at all, was said before.
 */
export function dmsProblems(
  props: HybridMigrationProps,
  topology: Topology | undefined,
  { runner }: HybridSubnets,
): readonly string[] {
  const plan = dmsPlan(props, topology !== undefined && decodesOnStandby(topology));
  const said = [
    // Slots are named after 'namePrefix', which is checked.
    "'slotName'",
    ...(topology === undefined ? ["'selection"] : []),
    ...(runner.length === 0 ? ["'subnets'"] : []),
  ];
  return dmsPlanProblems(plan)
    .filter((problem) => !said.some((start) => problem.startsWith(start)))
    .map((problem) =>
      problem
        .replace(/^'selection/, "'replication.selection")
        .replace(/^'(?!replication\.|subnets')/, "'replication.dms."),
    );
}
