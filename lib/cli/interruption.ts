import { type CutoverStepId, PontoonError } from '../postgres';
import type { CutoverEvent } from '../runner';
import { type OutputStream, writeLine } from './io';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Steps that wait, and that may be broken off between two statements. */
const WAITING: readonly CutoverStepId[] = ['quiet', 'catch-up'];
/** Steps behind the decision, which nothing undoes. */
const DECIDED: readonly CutoverStepId[] = ['open', 'settle'];

/** Ctrl-C: it ends a walk that can still be undone, and says so where it is too late. */
export class Interruption {
  private asked = false;
  private step: CutoverStepId | undefined;

  constructor(private readonly stream: OutputStream) {}

  /** Listens for as long as `work` runs. */
  public async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const listen = (): void => this.ask();
    for (const signal of SIGNALS) process.on(signal, listen);
    try {
      return await work();
    } finally {
      for (const signal of SIGNALS) process.off(signal, listen);
    }
  }

  /** Follows the walk. Throws before a step that is not to be begun any more. */
  public follow(event: CutoverEvent): void {
    if (event.kind === 'undo') this.step = undefined;
    if (event.kind !== 'step') return;
    const before = this.step;
    this.step = event.step.id;
    // A walk that begins with the opening had decided when it was cut off.
    if (this.step !== 'settle' && (this.step !== 'open' || before !== undefined))
      this.throwIfAsked();
  }

  /** Throws if the step that runs is to be broken off. */
  public check(): void {
    if (this.step !== undefined && WAITING.includes(this.step)) this.throwIfAsked();
  }

  private ask(): void {
    if (this.step !== undefined && DECIDED.includes(this.step)) {
      writeLine(
        this.stream,
        'too late to be interrupted: the new writer opens, and a way back is a rollback',
      );
      return;
    }
    this.asked = true;
    writeLine(this.stream, 'interrupted: what was done is taken back, please wait');
  }

  /** Once: taking back asks the same sessions. */
  private throwIfAsked(): void {
    if (!this.asked) return;
    this.asked = false;
    throw new PontoonError('INTERRUPTED', 'the cutover was interrupted');
  }
}
