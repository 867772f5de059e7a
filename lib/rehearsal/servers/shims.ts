/** Something that a rehearsal does differently from the real thing. Every one stands in the report. */
export interface Shim {
  /** What is different. */
  readonly name: string;
  /** Why it is, and what it means for the result. */
  readonly reason: string;
}
