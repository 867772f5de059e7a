import type { RehearsalEvent } from '../rehearsal';
import { type OutputStream, writeLine } from './io';
import { type Progress, terminalProgress } from './terminal-progress';

/** Milliseconds between two lines about the same phase. */
const LINE_INTERVAL_MS = 2000;

/** Progress on `stream`: redrawn in place on a terminal, plain lines elsewhere. */
export function createProgress(stream: OutputStream): Progress {
  return terminalProgress(stream) ?? plainProgress(stream);
}

function plainProgress(stream: OutputStream): Progress {
  let silentUntil = 0;
  return {
    show(event) {
      if (event.kind === 'phase-progress' || event.kind === 'sample') {
        if (performance.now() < silentUntil) return;
        silentUntil = performance.now() + LINE_INTERVAL_MS;
      }
      const line = lineOf(event);
      if (line !== undefined) writeLine(stream, line);
    },
    finish: () => Promise.resolve(),
  };
}

function lineOf(event: RehearsalEvent): string | undefined {
  switch (event.kind) {
    case 'phase-started':
      return `${event.title} …`;
    case 'phase-progress':
      return `  ${event.detail}`;
    case 'phase-ended':
      return `${event.title}: ${event.status} in ${event.seconds.toFixed(1)} s`;
    case 'sample':
      return undefined;
    case 'note':
      return event.text;
  }
}
