/** The version of a row that is not there. */
export const ABSENT = 0;

/** What a client was told of a write, if anything. */
export type Outcome = 'acknowledged' | 'unknown';

/** A row as a client wrote it: what it was told, in order. */
interface RowHistory {
  readonly number: number;
  readonly acknowledged: {
    readonly version: number;
    readonly atMs: number;
    readonly side: number;
  }[];
  /** What was sent last, and never answered. Such a row is left alone from then on. */
  unanswered: number | undefined;
}

/** A time in which a crash may have taken what a client without `synchronous_commit` was told. */
export interface Crash {
  readonly fromMs: number;
  readonly toMs: number;
  /** The port of the server that crashed. */
  readonly side: number;
}

/** A row that is not as its client was told. */
export interface RowFinding {
  readonly client: number;
  readonly number: number;
  /** Versions that it may have; `absent` if it may be gone. */
  readonly expected: string;
  /** Versions that were found; `absent` if none. */
  readonly found: string;
}

/** What was found on a server, beside what the clients were told. */
export interface WriteCheck {
  /** Writes that were acknowledged. */
  readonly acknowledged: number;
  /** Writes whose outcome nobody was told: found or not, but not twice. */
  readonly unknown: number;
  /** Writes that were acknowledged and may be lost, since a server crashed that did not flush them yet. */
  readonly forgiven: number;
  /** Rows that must be there and are not, or are older than they must be. */
  readonly missing: readonly RowFinding[];
  /** Rows that are there more than once. */
  readonly doubled: readonly RowFinding[];
  /** Rows that must not be there, or that nobody wrote. */
  readonly unexpected: readonly RowFinding[];
}

/** What one client wrote. */
export class Journal {
  private readonly rows = new Map<number, RowHistory>();
  /** Rows to change, which are there for certain; the oldest first. */
  private readonly settled: RowHistory[] = [];
  private told = 0;
  private untold = 0;
  private last = 0;

  constructor(
    public readonly client: number,
    /** Whether its commits wait for the disk. */
    private readonly synchronous: boolean,
  ) {}

  /** Writes that were acknowledged. */
  public get acknowledged(): number {
    return this.told;
  }

  /** Writes whose outcome is not known. */
  public get unknown(): number {
    return this.untold;
  }

  /** The number of the next new row. */
  public next(): number {
    this.last += 1;
    return this.last;
  }

  /** A row to change, by turns; undefined while there are too few. */
  public changeable(
    turn: number,
  ): { readonly number: number; readonly version: number } | undefined {
    const row = this.settled[turn % Math.max(1, this.settled.length)];
    return row === undefined ? undefined : { number: row.number, version: versionOf(row) };
  }

  /** A row to delete; undefined while there are too few. */
  public deletable(): { readonly number: number } | undefined {
    return this.settled.length > KEPT ? this.settled[0] : undefined;
  }

  /** Keeps what a client was told of a write that leaves row `number` in `version`. */
  public keep(
    number: number,
    version: number,
    outcome: Outcome,
    { atMs, side }: { readonly atMs: number; readonly side: number },
  ): void {
    const row = this.rows.get(number) ?? { number, acknowledged: [], unanswered: undefined };
    const isNew = !this.rows.has(number);
    this.rows.set(number, row);
    if (outcome === 'unknown') {
      this.untold += 1;
      row.unanswered = version;
    } else {
      this.told += 1;
      row.acknowledged.push({ version, atMs, side });
      if (isNew && this.settled.length < CHANGED) this.settled.push(row);
    }
    if (outcome === 'unknown' || version === ABSENT) this.leave(row);
  }

  /** A row that was not there once when it was to be changed: it is left alone, for the check to find. */
  public abandon(number: number): void {
    const row = this.rows.get(number);
    if (row !== undefined) this.leave(row);
  }

  /** Compares with the versions that each row has on a server. */
  public compare(
    found: ReadonlyMap<number, readonly number[]>,
    crashes: readonly Crash[],
  ): Omit<WriteCheck, 'acknowledged' | 'unknown'> {
    const missing: RowFinding[] = [];
    const doubled: RowFinding[] = [];
    const unexpected: RowFinding[] = [];
    let forgiven = 0;
    for (const row of this.rows.values()) {
      const may = this.allowed(row, crashes);
      forgiven += may.forgiven;
      const versions = found.get(row.number) ?? [];
      const [version = ABSENT] = versions;
      const finding = this.finding(row.number, may.versions, versions);
      if (versions.length > 1) doubled.push(finding);
      else if (may.versions.has(version)) continue;
      else if (version === ABSENT || version < Math.max(...may.versions)) missing.push(finding);
      else unexpected.push(finding);
    }
    for (const [number, versions] of found)
      if (!this.rows.has(number))
        unexpected.push(this.finding(number, new Set([ABSENT]), versions));
    return { missing, doubled, unexpected, forgiven };
  }

  /** The versions that a row may have, and how many acknowledged writes of it a crash may have taken. */
  private allowed(
    { acknowledged, unanswered }: RowHistory,
    crashes: readonly Crash[],
  ): { readonly versions: ReadonlySet<number>; readonly forgiven: number } {
    const versions = new Set([acknowledged.at(-1)?.version ?? ABSENT]);
    if (unanswered !== undefined) versions.add(unanswered);
    let forgiven = 0;
    if (this.synchronous) return { versions, forgiven };
    for (const [index, { atMs, side }] of acknowledged.entries()) {
      const taken = crashes.some(
        (crash) => crash.side === side && atMs >= crash.fromMs && atMs <= crash.toMs,
      );
      if (!taken) continue;
      forgiven += 1;
      versions.add(acknowledged[index - 1]?.version ?? ABSENT);
    }
    return { versions, forgiven };
  }

  private finding(
    number: number,
    expected: ReadonlySet<number>,
    found: readonly number[],
  ): RowFinding {
    return { client: this.client, number, expected: told([...expected]), found: told(found) };
  }

  private leave(row: RowHistory): void {
    const index = this.settled.indexOf(row);
    if (index >= 0) this.settled.splice(index, 1);
  }
}

/** Rows that are there before one is deleted. */
const KEPT = 20;

/** Rows that are changed by turns; others stay as they were written. */
const CHANGED = 200;

function versionOf({ acknowledged }: RowHistory): number {
  return acknowledged.at(-1)?.version ?? ABSENT;
}

function told(versions: readonly number[]): string {
  const texts = versions.map((version) => (version === ABSENT ? 'absent' : `version ${version}`));
  return texts.length === 0 ? 'absent' : texts.join(' or ');
}
