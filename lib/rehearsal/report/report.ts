/** Everything that a rehearsal found out. Written as JSON and as a page. */
export interface RehearsalReport {
  /** Of this format. */
  readonly version: 1;
  /** The version of pontoon. */
  readonly pontoon: string;
  /** The stack that was rehearsed. */
  readonly stack: string;
  /** The migration inside the stack: the construct's id. */
  readonly migration: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** From the first server to the last removed file. */
  readonly seconds: number;
  /** Whether every row arrived, nothing was left behind, and nothing is unchecked. */
  readonly ok: boolean;
  /** What went wrong, one sentence each. */
  readonly problems: readonly string[];
  /** What could not be checked, one sentence each. */
  readonly unchecked: readonly string[];
  /** The topology as a Mermaid diagram's text, if one was drawn. */
  readonly diagram?: string;
  readonly servers: readonly RehearsedServer[];
  readonly phases: readonly RehearsedPhase[];
  readonly steps: readonly RehearsedStep[];
  readonly samples: readonly LagSample[];
  /** From a commit on the source until the row is seen on the target. */
  readonly latencyMs?: {
    readonly median: number;
    readonly p95: number;
    readonly max: number;
    readonly count: number;
  };
  readonly workload: {
    readonly seeded: number;
    readonly written: number;
    /** What applications were told, beside what was found on the last writer, if that was counted. */
    readonly told?: {
      readonly acknowledged: number;
      readonly missing: number;
      readonly doubled: number;
      readonly unexpected: number;
    };
  };
  /** The switches between writers, in order; empty if none was rehearsed. */
  readonly switches: readonly RehearsedSwitch[];
  readonly verification: readonly VerifiedTable[];
  /** What took the place of something that cannot run here. */
  readonly standIns: readonly StandInNote[];
  /** What was set differently than in the cloud, and why. */
  readonly shims: readonly { readonly name: string; readonly reason: string }[];
  /** Resources that the rehearsal did not play, by type. */
  readonly notPlayed: readonly {
    readonly type: string;
    readonly count: number;
    readonly reason: string;
  }[];
  /** Slots, publications, processes and directories that survived. */
  readonly leftovers: readonly string[];
  readonly secretScan: {
    readonly secrets: number;
    readonly places: readonly string[];
    readonly found: readonly string[];
    /** Where nobody could look, and why. */
    readonly notSearched: readonly { readonly place: string; readonly reason: string }[];
  };
}

/** One switch from a writer to another. */
export interface RehearsedSwitch {
  /** The phase. */
  readonly name: string;
  readonly title: string;
  /** The new writer. */
  readonly to: string;
  /** Milliseconds from the fence to the opening, as the function saw them. */
  readonly closedMs: number;
  /** How many tables were compared behind the fence, and of how many. */
  readonly compared: { readonly tables: number; readonly of: number };
  /** The tasks of the state machine, and how long each took. */
  readonly states: readonly { readonly name: string; readonly ms: number }[];
  /** What a promotion says was lost; a switch loses nothing. */
  readonly loss?: string;
  /** When the first application had its last write on the old side. */
  readonly atSeconds?: number;
  /** Half of the applications could not write for longer than this, in milliseconds. */
  readonly medianMs?: number;
  /** No application could not write for longer than this, in milliseconds. */
  readonly longestMs?: number;
}

/** One server of the topology, as it ran here. */
export interface RehearsedServer {
  readonly name: string;
  readonly platform: string;
  readonly major: number;
  /** The server's own full version, such as `17.10`. */
  readonly version: string;
  /** What it is in the chain: `primary`, `standby`, `target`. */
  readonly role: string;
}

/** A stretch of the rehearsal. */
export interface RehearsedPhase {
  readonly name: string;
  readonly title: string;
  /** Since the start of the rehearsal. */
  readonly atSeconds: number;
  readonly seconds: number;
  readonly status: 'done' | 'failed';
}

/** One resource of the template that was created or deleted. */
export interface RehearsedStep {
  readonly logicalId: string;
  readonly type: string;
  readonly action: 'create' | 'delete';
  readonly atSeconds: number;
  readonly seconds: number;
  readonly status: 'done' | 'failed';
  /** What was done, or why it failed. */
  readonly detail?: string;
}

/** The lag at one moment. */
export interface LagSample {
  readonly atSeconds: number;
  readonly sourceToStandbyBytes?: number;
  readonly sourceToStandbySeconds?: number;
  readonly standbyToTargetBytes?: number;
  /** Where no standby is in between. */
  readonly sourceToTargetBytes?: number;
  /** Rows written on the source in the second before. */
  readonly writesPerSecond?: number;
}

/** One table, compared. */
export interface VerifiedTable {
  readonly table: string;
  readonly status: 'same' | 'differs' | 'unchecked';
  readonly sourceRows?: number;
  readonly targetRows?: number;
  readonly reason?: string;
}

/** A stand-in, and what of the real thing it reproduces. */
export interface StandInNote {
  readonly name: string;
  readonly reason: string;
  readonly behaviours: readonly string[];
  /** What of the real thing is known to be missing. */
  readonly notReproduced?: readonly string[];
}

/** What a rehearsal says while it runs. */
export type RehearsalEvent =
  | { readonly kind: 'phase-started'; readonly name: string; readonly title: string }
  | { readonly kind: 'phase-progress'; readonly name: string; readonly detail: string }
  | {
      readonly kind: 'phase-ended';
      readonly name: string;
      readonly title: string;
      readonly seconds: number;
      readonly status: 'done' | 'failed';
    }
  | { readonly kind: 'sample'; readonly sample: LagSample }
  | { readonly kind: 'note'; readonly text: string };
