import { supports } from '../capabilities';
import {
  isManaged,
  LinkKind,
  linksFrom,
  linksInto,
  serverOf,
  slotNameOf,
  standbyLinkInto,
  type Topology,
  type TopologyServer,
} from '../topology';

/** How a number of the server's is compared with the one it needs. */
export type SettingRule = 'equal' | 'at-least' | 'zero-or-at-least';

/** One setting that a server needs, and why. */
export interface RequiredSetting {
  /** The name in postgresql.conf. */
  readonly name: string;
  /** The value that we set; with `at-least`, a higher one is as good. */
  readonly value: string;
  /** How a server's own value is compared with `value`. */
  readonly rule: SettingRule;
  /** Whether a change takes a restart. */
  readonly restart: boolean;
  /** Why the server needs it. */
  readonly reason: string;
}

/** What the user knows of the load, on which sizes depend. */
export interface SizingOptions {
  /**
   * Connections beyond replication's own that the server must have room for in its senders and slots.
   *
   * @default 4
   */
  readonly spareSlots?: number;
  /**
   * The most WAL that a slot may hold back, in MiB, before PostgreSQL gives the slot up to save the disk. A slot that
   * is given up costs a new copy; a full disk costs the server.
   *
   * @default - no limit (-1), so that the alarms on retained WAL are what protects the disk
   */
  readonly maxSlotWalKeepMiB?: number;
  /**
   * Table copies that a subscription runs side by side.
   *
   * @default 4
   */
  readonly syncWorkers?: number;
}

/** Everything that `name` must have set for the links of `topology` to work. */
export function deriveSettings(
  topology: Topology,
  name: string,
  sizing: SizingOptions = {},
): RequiredSetting[] {
  const server = serverOf(topology, name);
  const settings = [
    ...senderSettings(topology, name, server, sizing),
    ...standbySettings(topology, name, server),
    ...subscriberSettings(topology, name, server, sizing),
  ];
  if (!isManaged(server)) settings.push(...securitySettings());
  return settings;
}

/** PostgreSQL's own limits on senders, slots and origins; nobody is told to lower them. */
const DEFAULT_LIMIT = 10;

function senderSettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
  sizing: SizingOptions,
): RequiredSetting[] {
  const out = linksFrom(topology, name).filter((link) => link.promoted !== true);
  if (out.length === 0) return [];
  const decodes = out.some((link) => link.kind !== LinkKind.PHYSICAL);
  const standbyDecodes = out.some(
    (link) => link.kind === LinkKind.PHYSICAL && decodesBelow(topology, link.to),
  );
  const walLevel = decodes || standbyDecodes ? 'logical' : (server.walLevel ?? 'replica');
  // A subscription's table copies each take a slot and a sender of their own while they run.
  const copies = out.some((link) => link.kind === LinkKind.NATIVE) ? (sizing.syncWorkers ?? 4) : 0;
  const needed = Math.max(DEFAULT_LIMIT, out.length + copies + (sizing.spareSlots ?? 4));
  return [
    required(
      'wal_level',
      walLevel,
      'equal',
      true,
      decodes
        ? 'logical decoding here'
        : standbyDecodes
          ? 'logical decoding on its standby'
          : 'a standby',
    ),
    required(
      'max_wal_senders',
      String(needed),
      'at-least',
      true,
      `${counted(out.length, 'link')}, ${counted(copies, 'table copy', 'table copies')}, and room to reconnect`,
    ),
    required(
      'max_replication_slots',
      String(needed),
      'at-least',
      true,
      `${counted(out.length, 'link')}, ${counted(copies, 'table copy', 'table copies')}, and room for another try`,
    ),
    required(
      'max_slot_wal_keep_size',
      keepSize(sizing),
      'equal',
      false,
      'how much WAL a slot may hold back is decided, not left to chance',
    ),
    // AWS DMS refuses 1 to 9999 ms, and 0 means never.
    required(
      'wal_sender_timeout',
      '60s',
      'zero-or-at-least',
      false,
      'a busy receiver is not dropped',
    ),
    ...(supports(server.majorVersion, 'idle-slot-timeout')
      ? [
          required(
            'idle_replication_slot_timeout',
            '0',
            'equal',
            false,
            'a slot is not given up while its receiver is stopped',
          ),
        ]
      : []),
  ];
}

function standbySettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
): RequiredSetting[] {
  const link = standbyLinkInto(topology, name);
  if (link === undefined) return [];
  const decodes = decodesBelow(topology, name);
  return [
    ...(linksFrom(topology, name).length === 0
      ? [
          required(
            'wal_level',
            server.walLevel ?? 'replica',
            'equal',
            true,
            'the same as its primary',
          ),
        ]
      : []),
    required('hot_standby', 'on', 'equal', true, 'the standby answers queries'),
    required(
      'primary_slot_name',
      slotNameOf(link),
      'equal',
      false,
      'the primary keeps WAL until the standby has it',
    ),
    required(
      'hot_standby_feedback',
      'on',
      'equal',
      false,
      decodes
        ? 'without it the primary removes rows that decoding needs, and the slot is lost'
        : 'queries on the standby are not cancelled',
    ),
    required(
      'max_standby_streaming_delay',
      '300s',
      'equal',
      false,
      'a long read delays replay at most this long',
    ),
  ];
}

function subscriberSettings(
  topology: Topology,
  name: string,
  server: TopologyServer,
  sizing: SizingOptions,
): RequiredSetting[] {
  const into = linksInto(topology, name).filter((link) => link.kind !== LinkKind.PHYSICAL);
  if (into.length === 0) return [];
  const native = into.filter((link) => link.kind === LinkKind.NATIVE).length;
  const sync = sizing.syncWorkers ?? 4;
  const workers = native + sync;
  // A fallback replicates from here, so that the target is prepared to decode from the start.
  const slots = Math.max(DEFAULT_LIMIT, into.length + sync + (sizing.spareSlots ?? 4));
  return [
    required('wal_level', 'logical', 'equal', true, 'changes can flow back after the cutover'),
    required(
      'max_replication_slots',
      String(slots),
      'at-least',
      true,
      'replication origins and the way back',
    ),
    required('max_wal_senders', String(slots), 'at-least', true, 'the way back'),
    required(
      'max_logical_replication_workers',
      String(Math.max(workers, 4)),
      'at-least',
      true,
      `${counted(native, 'subscription')} and ${counted(sync, 'table copy', 'table copies')}`,
    ),
    required(
      'max_sync_workers_per_subscription',
      String(sync),
      'at-least',
      false,
      'table copies side by side',
    ),
    required(
      'max_worker_processes',
      String(Math.max(workers + 8, 16)),
      'at-least',
      true,
      'replication workers, parallel queries and autovacuum',
    ),
    ...(supports(server.majorVersion, 'origin-limit')
      ? [
          required(
            'max_active_replication_origins',
            String(slots),
            'at-least',
            true,
            'subscriptions and their table copies',
          ),
        ]
      : []),
  ];
}

function securitySettings(): RequiredSetting[] {
  return [
    required('ssl', 'on', 'equal', false, 'every connection is encrypted'),
    required(
      'password_encryption',
      'scram-sha-256',
      'equal',
      false,
      'no password is stored as MD5',
    ),
  ];
}

/** Whether `name` or a standby below it is decoded. */
function decodesBelow(topology: Topology, name: string): boolean {
  return linksFrom(topology, name)
    .filter((link) => link.promoted !== true)
    .some((link) => link.kind !== LinkKind.PHYSICAL || decodesBelow(topology, link.to));
}

function keepSize({ maxSlotWalKeepMiB }: SizingOptions): string {
  return maxSlotWalKeepMiB === undefined ? '-1' : `${maxSlotWalKeepMiB}MB`;
}

function required(
  name: string,
  value: string,
  rule: SettingRule,
  restart: boolean,
  reason: string,
): RequiredSetting {
  return { name, value, rule, restart, reason };
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
