import type { CutoverPlan } from '../postgres';
import type { CutoverEvent, CutoverOutcome } from '../runner';
import type { Arguments } from './arguments';
import { milliseconds } from './cutover-progress';
import { type Io, writeJson, writeLine } from './io';
import { nextCommands, type WalkName } from './what-next';

/** One step that was walked. */
interface WalkedStep {
  readonly id: string;
  readonly tookMs: number;
}

/** What a walk comes to, told as soon as it is known: what follows the opening may take long, and may fail. */
export class WalkResult {
  private readonly steps: WalkedStep[] = [];
  private outcome: CutoverOutcome | undefined;

  constructor(
    private readonly command: WalkName,
    private readonly plan: CutoverPlan,
    private readonly options: Arguments,
    private readonly io: Io,
  ) {}

  /** Follows the walk. */
  public follow(event: CutoverEvent): void {
    if (event.kind === 'done') this.steps.push({ id: event.step.id, tookMs: event.tookMs });
    if (event.kind !== 'opened') return;
    this.outcome = event.outcome;
    if (this.options.flag('json')) return;
    for (const line of openedLines(this.plan, event.outcome)) writeLine(this.io.stdout, line);
  }

  /** As JSON, once the new writer is open. */
  public get known(): object | undefined {
    const { migration, from, to } = this.plan;
    const { outcome, steps } = this;
    return outcome && { migration, from, to, ...outcome, steps };
  }

  /** Says that the walk has ended well. */
  public end(): void {
    const { from, reverse } = this.plan;
    if (this.options.flag('json')) {
      writeJson(this.io.stdout, this.known);
      return;
    }
    const follows = reverse === undefined ? '' : `'${from}' follows; `;
    writeLine(this.io.stdout, `${follows}next: ${nextCommands(this.command, reverse)}`);
  }
}

function openedLines(
  { to }: CutoverPlan,
  { result, closedMs, compared }: CutoverOutcome,
): readonly string[] {
  const all = `${compared.tables} of ${compared.of} tables compared behind the fence`;
  return [
    result === 'already-open'
      ? `'${to}' was open already`
      : `'${to}' is open; nobody could write for ${milliseconds(closedMs)}`,
    ...(compared.of > 0 ? [all] : []),
  ];
}
