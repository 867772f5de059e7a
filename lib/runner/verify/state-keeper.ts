import type { TableState, VerificationState } from './state';

const INTERVAL_MS = 1_000;

/** Gathers how far all tables are, and passes it on now and then. */
export class StateKeeper {
  private readonly tables: Map<string, TableState>;
  private keptAt = performance.now();

  constructor(
    resume: VerificationState | undefined,
    private readonly pass: ((state: VerificationState) => void) | undefined,
  ) {
    this.tables = new Map(Object.entries(resume?.tables ?? {}));
  }

  /** That the table of that quoted name is so far. */
  public set(table: string, state: TableState): void {
    this.tables.set(table, state);
    if (performance.now() - this.keptAt >= INTERVAL_MS) this.keep();
  }

  /** Passes on what is known now. */
  public keep(): void {
    this.keptAt = performance.now();
    this.pass?.({ version: 1, tables: Object.fromEntries(this.tables) });
  }
}
