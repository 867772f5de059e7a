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

/** PostgreSQL's own limits on senders, slots and origins; nobody is told to lower them. */
export const DEFAULT_LIMIT = 10;

/** Table copies side by side unless the user says otherwise. */
export const DEFAULT_SYNC_WORKERS = 4;

/** Room in senders and slots unless the user says otherwise. */
export const DEFAULT_SPARE_SLOTS = 4;

/** `count` things, in words. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
