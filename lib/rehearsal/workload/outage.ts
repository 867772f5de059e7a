/** A time in which one client had nothing acknowledged, in milliseconds of `performance.now()`. */
export interface Gap {
  readonly client: number;
  /** The last write before it. */
  readonly fromMs: number;
  /** The first write after it. */
  readonly toMs: number;
  /** The port of the server that the last write was on. */
  readonly from: number;
  /** The port of the server that the first write was on. */
  readonly to: number;
}

/** A switch from one server to another, as the clients saw it. Times are milliseconds. */
export interface Outage {
  /** The server that the last writes were on. */
  readonly from: string;
  /** The server that the next writes were on. */
  readonly to: string;
  /** When the first client had its last write on the old side, by `performance.now()`. */
  readonly beganAtMs: number;
  /** When the last client had its first write on the new side, by `performance.now()`. */
  readonly endedAtMs: number;
  /** From its last write on the old side to its first on the new one, for each client that was on both. */
  readonly clientsMs: readonly number[];
  readonly medianMs: number;
  readonly longestMs: number;
}

/** Shorter ones are the pace of writing, or a slow disk. */
const NOTABLE_MS = 50;

/** When a client's writes were acknowledged, and by whom. */
export class Acknowledgements {
  private readonly found: Gap[] = [];
  private latest: { readonly atMs: number; readonly side: number } | undefined;

  constructor(private readonly client: number) {}

  /** The last one. */
  public get last(): { readonly atMs: number; readonly side: number } | undefined {
    return this.latest;
  }

  /** Gaps of at least 50 ms, and every change of sides. */
  public get gaps(): readonly Gap[] {
    return this.found;
  }

  /** A write was acknowledged. */
  public add(atMs: number, side: number): void {
    const { latest: last, client } = this;
    if (last !== undefined && (atMs - last.atMs >= NOTABLE_MS || last.side !== side))
      this.found.push({ client, fromMs: last.atMs, toMs: atMs, from: last.side, to: side });
    this.latest = { atMs, side };
  }

  /** The longest time without a write that ended after `sinceMs`, or has not ended at `nowMs`. */
  public longestSince(sinceMs: number, nowMs: number): number {
    const closed = this.found
      .filter(({ toMs }) => toMs >= sinceMs)
      .map(({ fromMs, toMs }) => toMs - fromMs);
    return Math.max(0, nowMs - (this.latest?.atMs ?? sinceMs), ...closed);
  }
}

/** The switches that the gaps of all clients show, in order. */
export function outagesOf(gaps: readonly Gap[], nameOf: (side: number) => string): Outage[] {
  const groups: Gap[][] = [];
  for (const gap of gaps.filter(({ from, to }) => from !== to).sort((a, b) => a.toMs - b.toMs)) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    if (first?.from === gap.from && first.to === gap.to) group?.push(gap);
    else groups.push([gap]);
  }
  return groups.map((group) => outageOf(group, nameOf));
}

function outageOf(gaps: readonly Gap[], nameOf: (side: number) => string): Outage {
  const clientsMs = gaps.map(({ fromMs, toMs }) => toMs - fromMs).sort((a, b) => a - b);
  const [first] = gaps;
  return {
    from: nameOf(first?.from ?? 0),
    to: nameOf(first?.to ?? 0),
    beganAtMs: Math.min(...gaps.map(({ fromMs }) => fromMs)),
    endedAtMs: Math.max(...gaps.map(({ toMs }) => toMs)),
    clientsMs,
    medianMs: clientsMs[Math.floor(clientsMs.length / 2)] ?? 0,
    longestMs: clientsMs.at(-1) ?? 0,
  };
}
