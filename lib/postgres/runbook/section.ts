import type { HbaRule } from '../access';
import type { SizingOptions } from '../settings';
import type { Topology } from '../topology';

/** What a runbook needs to know beside the topology. */
export interface RunbookOptions {
  /** The server to prepare, as in the topology. */
  readonly server: string;
  /** The role with which objects will be made there. */
  readonly administrator: string;
  /** The lines that its pg_hba.conf needs; {@link deriveHba} makes them. None on a server that a cloud manages. */
  readonly hba: readonly HbaRule[];
  /**
   * The server's port, for the firewall.
   *
   * @default 5432
   */
  readonly port?: number;
  /**
   * What is known of the load. Must be the same as for {@link deriveSettings}.
   *
   * @default - the defaults of SizingOptions
   */
  readonly sizing?: SizingOptions;
}

/** A runbook that is being written. */
export interface RunbookContext extends RunbookOptions {
  readonly topology: Topology;
}

/** A part of a runbook: its heading, and paragraphs of Markdown. */
export interface Section {
  readonly title: string;
  readonly paragraphs: readonly string[];
}
