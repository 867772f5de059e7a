import type { VerifyProgress } from '../runner';
import { type OutputStream, writeLine } from './io';

/** Milliseconds between two looks at the progress. */
const REDRAW_MS = 200;
const LINE_INTERVAL_MS = 5_000;

/** Shows how far a verification is: redrawn in place on a terminal, plain lines elsewhere. */
export class VerifyProgressLine {
  private shownAt = performance.now();
  private drawn = false;

  constructor(private readonly stream: OutputStream) {}

  /** Shows `progress`, unless something was shown just now. */
  public show(progress: VerifyProgress): void {
    const inPlace = this.stream.isTTY === true;
    const now = performance.now();
    if (now - this.shownAt < (inPlace ? REDRAW_MS : LINE_INTERVAL_MS)) return;
    this.shownAt = now;
    if (inPlace) this.stream.write(`\r\u001b[K${progressText(progress)}`);
    else writeLine(this.stream, progressText(progress));
    this.drawn = inPlace;
  }

  /** Makes room for something else. */
  public clear(): void {
    if (this.drawn) this.stream.write('\r\u001b[K');
    this.drawn = false;
  }
}

/** How far a verification is, in a few words. */
export function progressText(progress: VerifyProgress): string {
  const { tablesDone, tables, rows, share, secondsLeft } = progress;
  const left = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
  return `${tablesDone} of ${tables} tables, ${rows} rows read, ${Math.floor(share * 100)} %${left}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
