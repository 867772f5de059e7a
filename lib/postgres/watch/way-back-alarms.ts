import type { CutoverPlan } from '../cutover';
import type { Topology } from '../topology';
import { type AlarmOptions, type AlarmRule, duration, MIB, rule, size } from './alarm-rule';

const HELD_SECONDS = 3600;

/**
 * The alarms on the way back of `plan`, of which something is published only while a new writer is open. None if no way
 * back was declared.
 */
export function deriveWayBackAlarms(
  { migration, forward, reverse }: CutoverPlan,
  { servers }: Topology,
  { writeMiBPerSecond: rate, maxLagSeconds: seconds = 300 }: AlarmOptions,
): AlarmRule[] {
  if (reverse === undefined) return [];
  // A rollback has the slots of the way forward do the same.
  const limits = [...reverse, ...forward].flatMap(
    ({ decoder }) => servers[decoder]?.maxSlotWalKeepMiB ?? [],
  );
  const held = rate * HELD_SECONDS;
  const limitMiB = Math.min(held, ...limits.map((limit) => limit / 2));
  const follower = `the server that '${migration}' can be rolled back to`;
  return [
    rule(
      'WayBackDown',
      'WayBackDown',
      {},
      {
        threshold: 0,
        text: `Nobody carries what is written on the open writer to ${follower}: a rollback would be refused, and a slot keeps WAL meanwhile. Run 'pontoon status', and look at the log of the server that is to follow.`,
      },
    ),
    rule(
      'WayBackLagBytes',
      'WayBackLagBytes',
      {},
      {
        threshold: Math.round(seconds * rate * MIB),
        text: `What ${follower} has not taken yet is more than ${size(seconds * rate)}, what is written in ${duration(seconds)} at ${rate} MiB/s: a rollback would be refused until it has.`,
      },
    ),
    rule(
      'WayBackRetainedWal',
      'WayBackRetainedWalBytes',
      {},
      {
        threshold: Math.round(limitMiB * MIB),
        text:
          limitMiB < held
            ? `Slots on the open writer of '${migration}' hold back more than ${size(limitMiB)} of WAL, half of what max_slot_wal_keep_size leaves them: beyond it the way back is given up for good. Have the server that is to follow take it, or finalize.`
            : `Slots on the open writer of '${migration}' hold back more than ${size(limitMiB)} of WAL, what is written in ${duration(HELD_SECONDS)} at ${rate} MiB/s; where max_slot_wal_keep_size sets no limit, it goes on for as long as there is storage. Have the server that is to follow take it, or finalize.`,
      },
    ),
    rule(
      'WayBackSlotLost',
      'WayBackSlotLost',
      {},
      {
        threshold: 0,
        runs: 1,
        text: `The slot of the way back of '${migration}' was dropped or invalidated, such as by max_slot_wal_keep_size: what was written since cannot be carried back, and there is no rollback any more. Finalize the migration.`,
      },
    ),
  ];
}
