import type { StackEvent } from './cloudformation';
import type { LagSample, RehearsalEvent, RehearsedPhase, RehearsedStep } from './report/report';

/** Keeps what happens, when and for how long, and tells it to whoever watches. */
export class Recorder {
  public readonly phases: RehearsedPhase[] = [];
  public readonly steps: RehearsedStep[] = [];
  public readonly samples: LagSample[] = [];
  private readonly begun = performance.now();
  private current = '';

  constructor(private readonly onEvent: (event: RehearsalEvent) => void) {}

  /** Seconds since the start. */
  public now(): number {
    return round((performance.now() - this.begun) / 1000);
  }

  /** Runs `work` as the phase called `name`. */
  public async phase<Result>(
    name: string,
    title: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const atSeconds = this.now();
    this.current = name;
    this.onEvent({ kind: 'phase-started', name, title });
    try {
      const result = await work();
      this.end({ name, title, atSeconds, seconds: round(this.now() - atSeconds), status: 'done' });
      return result;
    } catch (error) {
      this.end({
        name,
        title,
        atSeconds,
        seconds: round(this.now() - atSeconds),
        status: 'failed',
      });
      throw error;
    }
  }

  /** Says how far the phase has come. */
  public progress(detail: string): void {
    this.onEvent({ kind: 'phase-progress', name: this.current, detail });
  }

  /** Says something that belongs to no phase. */
  public note(text: string): void {
    this.onEvent({ kind: 'note', text });
  }

  /** Keeps what became of a resource of the stack. */
  public resource({ logicalId, type, action, status, seconds, reason }: StackEvent): void {
    if (status === 'IN_PROGRESS') {
      if (type.startsWith('Custom::')) this.progress(`${action.toLowerCase()} ${logicalId}`);
      return;
    }
    if (status === 'SKIPPED' || action === 'UPDATE') return;
    this.steps.push({
      logicalId,
      type,
      action: action === 'CREATE' ? 'create' : 'delete',
      atSeconds: round(this.now() - seconds),
      seconds: round(seconds),
      status: status === 'COMPLETE' ? 'done' : 'failed',
      ...(reason === undefined ? {} : { detail: reason }),
    });
  }

  /** Keeps what became of something that was made or dropped. */
  public step(step: RehearsedStep): void {
    const { atSeconds, seconds } = step;
    this.steps.push({ ...step, atSeconds: round(atSeconds), seconds: round(seconds) });
  }

  /** Keeps one look at the lag. */
  public sample(sample: LagSample): void {
    this.samples.push(sample);
    this.onEvent({ kind: 'sample', sample });
  }

  private end(phase: RehearsedPhase): void {
    this.phases.push(phase);
    const { name, title, seconds, status } = phase;
    this.onEvent({ kind: 'phase-ended', name, title, seconds, status });
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
