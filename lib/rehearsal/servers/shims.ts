/** Something that a rehearsal does differently from the real thing. Every one stands in the report. */
export interface Shim {
  /** What is different. */
  readonly name: string;
  /** Why it is, and what it means for the result. */
  readonly reason: string;
}

/** What takes the place of a program or a service that does not run on this machine. */
export interface StandIn {
  /** What it stands for. */
  readonly name: string;
  /** Why the real thing is not used. */
  readonly reason: string;
  /** What it does as the real thing does. Each one is a test. */
  readonly behaviours: readonly string[];
  /** What the real thing does and it does not. @default - nothing that is known of */
  readonly notReproduced?: readonly string[];
}
