/** What a rule says, before it is numbered. */
export type DmsRule = Readonly<Record<string, unknown>>;

/** The rules of a DMS task as the service reads them: each with a unique number as its id. */
export interface DmsTableMappings {
  /** Selections first, then transformations, then settings of single tables. */
  readonly rules: readonly DmsRule[];
}
