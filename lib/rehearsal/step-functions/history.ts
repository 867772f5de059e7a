/** Something that happened in an execution, by the names of Step Functions. */
export interface HistoryEvent {
  /** 1 for the first. */
  readonly id: number;
  /** Such as `TaskStateEntered` or `ExecutionFailed`. */
  readonly type: string;
  /** When it happened, in milliseconds since 1970. */
  readonly atMs: number;
  /** The state that it belongs to; undefined for what concerns the whole execution. */
  readonly state: string | undefined;
  /** The error, of events that tell one. */
  readonly error: string | undefined;
  /** Its cause. */
  readonly cause: string | undefined;
}

/** What happens in an execution, in order. */
export class History {
  private readonly list: HistoryEvent[] = [];

  constructor(private readonly onEvent: (event: HistoryEvent) => void) {}

  /** Everything so far. */
  public get events(): readonly HistoryEvent[] {
    return this.list;
  }

  /** Adds an event. */
  public add(
    type: string,
    state?: string,
    failure?: { readonly error: string; readonly reason: string },
  ): void {
    const event: HistoryEvent = {
      id: this.list.length + 1,
      type,
      atMs: Date.now(),
      state,
      error: failure?.error,
      cause: failure?.reason,
    };
    this.list.push(event);
    this.onEvent(event);
  }
}
