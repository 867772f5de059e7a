/** How a value of the server's is compared with the one it needs: `includes` is for lists. */
export type SettingRule = 'equal' | 'at-least' | 'zero-or-at-least' | 'includes';

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
  /**
   * Whether replication also works with another value, that the server's owner may have chosen for reasons of theirs.
   *
   * @default false
   */
  readonly advised?: boolean;
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
   * Table copies that a subscription runs side by side.
   *
   * @default 4
   */
  readonly syncWorkers?: number;
}

/** PostgreSQL's own limit on senders, slots and origins; nobody is told to lower it. */
const DEFAULT_LIMIT = 10;

/** How many senders, slots or origins `links` links take whose tables are copied by `copies` workers. */
export function limitFor(links: number, copies: number, { spareSlots = 4 }: SizingOptions): number {
  return Math.max(DEFAULT_LIMIT, links + copies + spareSlots);
}

/** How many tables `subscriptions` subscriptions copy side by side. */
export function tableCopies(subscriptions: number, { syncWorkers = 4 }: SizingOptions): number {
  return subscriptions * syncWorkers;
}

/** `count` things, in words. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
