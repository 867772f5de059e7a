/** A process of a server; its number alone may be given to another one. */
interface Visitor {
  readonly pid: number;
  /** When it was started. */
  readonly started: string | null;
}

/** Those met on a server that may be gone in a moment. */
export class Visitors {
  private readonly met = new Map<string, number>();

  /** Who is met again after so many milliseconds stays. */
  public constructor(private readonly ms: number) {}

  /** Notes that `visitor` is met. True if it stays. */
  public stays({ pid, started }: Visitor): boolean {
    const who = `${pid} ${started}`;
    const now = performance.now();
    const first = this.met.get(who) ?? now;
    this.met.set(who, first);
    return now - first > this.ms;
  }
}
