import type { CutoverStep } from '../postgres';
import type { CutoverEvent } from '../runner';
import { type OutputStream, writeLine } from './io';

/** Shows how far a walk is. */
export interface CutoverProgress {
  /** Shows one event. */
  show(event: CutoverEvent): void;
  /** Ends what is redrawn. */
  finish(): void;
}

const REDRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** Progress on `stream`: the step and the clock of the outage redrawn in place on a terminal, plain lines elsewhere. */
export function cutoverProgress(stream: OutputStream): CutoverProgress {
  return stream.isTTY === true ? new LiveProgress(stream) : new PlainProgress(stream);
}

/** How long nobody can write, from the fence to the opening. */
class OutageClock {
  private since: number | undefined;

  public follow(event: CutoverEvent): void {
    if (event.kind === 'step' && event.step.id === 'fence') this.since = performance.now();
    if (event.kind === 'done' && event.step.id === 'open') this.since = undefined;
  }

  public get text(): string {
    return this.since === undefined
      ? ''
      : `, closed for ${milliseconds(performance.now() - this.since)}`;
  }
}

class PlainProgress implements CutoverProgress {
  private readonly clock = new OutageClock();

  constructor(private readonly stream: OutputStream) {}

  public show(event: CutoverEvent): void {
    // The clock is read before the opening ends it.
    const { text } = this.clock;
    this.clock.follow(event);
    if (event.kind === 'step') writeLine(this.stream, `${event.step.title} …`);
    else for (const line of linesOf(event, text)) writeLine(this.stream, line);
  }

  public finish(): void {}
}

class LiveProgress implements CutoverProgress {
  private readonly clock = new OutageClock();
  private readonly timer: NodeJS.Timeout;
  private running: { readonly step: CutoverStep; readonly since: number } | undefined;

  constructor(private readonly stream: OutputStream) {
    this.timer = setInterval(() => this.draw(), REDRAW_MS);
  }

  public show(event: CutoverEvent): void {
    const { text } = this.clock;
    this.clock.follow(event);
    if (event.kind === 'step') {
      this.running = { step: event.step, since: performance.now() };
    } else {
      if (event.kind !== 'note') this.running = undefined;
      // Also without lines: whoever prints a result has an empty line for it.
      this.stream.write(CLEAR_LINE);
      for (const line of linesOf(event, text)) writeLine(this.stream, line);
    }
    this.draw();
  }

  public finish(): void {
    clearInterval(this.timer);
    this.running = undefined;
    this.stream.write(CLEAR_LINE);
  }

  private draw(): void {
    if (this.running === undefined) return;
    const { step, since } = this.running;
    const text = `${step.title} … ${milliseconds(performance.now() - since)}${this.clock.text}`;
    this.stream.write(CLEAR_LINE + text.slice(0, (this.stream.columns ?? 80) - 1));
  }
}

/** Of what is a result, and no progress, nothing. */
function linesOf(
  event: Exclude<CutoverEvent, { readonly kind: 'step' }>,
  clock: string,
): readonly string[] {
  switch (event.kind) {
    case 'done':
      return [`${event.step.title}: done in ${milliseconds(event.tookMs)}${clock}`];
    case 'note':
      return [`  ${event.text}`];
    case 'undo':
      return [`taking everything back: ${event.reason}`];
    case 'opened':
      return [];
  }
}

/** `ms` as people read it. */
export function milliseconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
