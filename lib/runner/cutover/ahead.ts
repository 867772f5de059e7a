import type { ListedSequence, SequencePair, TableComparison } from '../../postgres';

/** What was read before the fence, and need not be read again while applications wait. */
export interface ReadAhead {
  /** What both servers were marked with before anything of it was read: it holds as long as they are marked alike. */
  readonly marks: string;
  readonly sequences: Sequences;
  /** How every table is compared; undefined if nothing compares them, or there are too many to say so in time. */
  readonly comparisons: readonly TableComparison[] | undefined;
}

/** Sequences of both writers. */
export interface Sequences {
  /** Those of the old writer that belong to the selection, with those of the new one. */
  readonly pairs: readonly SequencePair[];
  /** Those of the old writer that nobody is known to use, by their names on the new one, with what is there. */
  readonly strays: readonly StraySequence[];
  /** All that belong to the selection on the new writer. */
  readonly there: readonly ListedSequence[];
}

/** A sequence that no table is known to use, and the one of its name on the new writer, if there is one. */
export interface StraySequence {
  readonly from: ListedSequence;
  readonly to: ListedSequence | undefined;
}
