import { WriteStream } from 'node:tty';
import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import { formatBytes, type LagSample, type RehearsalEvent } from '../rehearsal';
import { type OutputStream, writeLine } from './io';

/** Shows how far a rehearsal is. */
export interface Progress {
  /** Shows one event. */
  show(event: RehearsalEvent): void;
  /** Ends when everything is shown. */
  finish(): Promise<void>;
}

/** Progress that is redrawn in place; undefined if `stream` is no terminal, or one of no known width. */
export function terminalProgress(stream: OutputStream): Progress | undefined {
  return stream instanceof WriteStream && stream.isTTY && stream.columns > 0
    ? new TerminalProgress(stream)
    : undefined;
}

/** One phase, which ends when the rehearsal says so. */
class Phase {
  public detail = '';
  public lag = '';
  private redraw: (() => void) | undefined;
  private end: (failed: boolean) => void = () => undefined;
  private readonly ended: Promise<boolean>;

  constructor(public readonly title: string) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  public say(what: { readonly detail?: string; readonly lag?: string }): void {
    Object.assign(this, what);
    this.redraw?.();
  }

  public finish(failed: boolean): void {
    this.end(failed);
  }

  /** Draws the phase until it ends. */
  public async draw(stream: WriteStream): Promise<void> {
    const logger = new ListrLogger({ processOutput: new ProcessOutput(stream, stream) });
    const list = new Listr(
      {
        title: this.title,
        task: async (_context, task) => {
          this.redraw = () => {
            task.output = [this.detail, this.lag].filter((text) => text !== '').join('   ');
          };
          this.redraw();
          if (await this.ended) throw new Error(this.title);
          task.title = `${this.title}${this.detail === '' ? '' : ` — ${this.detail}`}`;
        },
      },
      {
        exitOnError: false,
        // Ctrl-C belongs to the rehearsal, which clears up first.
        registerSignalListeners: false,
        fallbackRendererCondition: false,
        rendererOptions: { logger, showErrorMessage: false },
      },
    );
    await list.run();
    this.redraw = undefined;
  }
}

class TerminalProgress implements Progress {
  private readonly running = new Map<string, Phase>();
  private drawn: Promise<void> = Promise.resolve();

  constructor(private readonly stream: WriteStream) {}

  public show(event: RehearsalEvent): void {
    switch (event.kind) {
      case 'phase-started':
        this.start(event.name, event.title);
        break;
      case 'phase-progress':
        this.running.get(event.name)?.say({ detail: event.detail });
        break;
      case 'phase-ended':
        this.running.get(event.name)?.finish(event.status === 'failed');
        this.running.delete(event.name);
        break;
      case 'sample':
        for (const phase of this.running.values()) phase.say({ lag: lagOf(event.sample) });
        break;
      case 'note':
        this.afterwards(async () => writeLine(this.stream, event.text));
        break;
    }
  }

  public async finish(): Promise<void> {
    // A rehearsal that was broken off ends no phase by itself.
    for (const phase of this.running.values()) phase.finish(true);
    this.running.clear();
    await this.drawn;
  }

  private start(name: string, title: string): void {
    const phase = new Phase(title);
    this.running.set(name, phase);
    this.afterwards(() => phase.draw(this.stream));
  }

  /** One after the other: phases that overlap are drawn in the order in which they started. */
  private afterwards(show: () => Promise<void>): void {
    this.drawn = this.drawn.then(show);
  }
}

function lagOf(sample: LagSample): string {
  const { sourceToStandbyBytes, standbyToTargetBytes, sourceToTargetBytes, writesPerSecond } =
    sample;
  return [
    ...(sourceToStandbyBytes === undefined
      ? []
      : [`source→standby ${formatBytes(sourceToStandbyBytes)} behind`]),
    ...(standbyToTargetBytes === undefined
      ? []
      : [`standby→target ${formatBytes(standbyToTargetBytes)} behind`]),
    ...(sourceToTargetBytes === undefined
      ? []
      : [`source→target ${formatBytes(sourceToTargetBytes)} behind`]),
    ...(writesPerSecond === undefined ? [] : [`${Math.round(writesPerSecond)} writes/s`]),
  ].join(', ');
}
