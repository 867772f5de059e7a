import { setTimeout as delay } from 'node:timers/promises';
import { recordOf } from '../assembly';
import type { ResourcePlayers } from '../cloudformation';
import type { Shim } from '../servers';

/** What a schedule needs. */
export interface ScheduleOptions {
  /** Runs a function with an input. Returns what it threw; undefined if it returned. */
  readonly invoke: (functionArn: string, input: unknown) => Promise<string | undefined>;
  /** Told of the first failure of each rule. */
  readonly onFailure: (rule: string, reason: string) => void;
}

const INTERVAL_MS = 1000;

/** Why the schedule is quicker here. */
export const SCHEDULE_SHIM: Shim = {
  name: 'the schedule of the metrics runs every second',
  reason: 'a rehearsal takes seconds, and the cloud’s schedule runs every minute',
};

/** Plays the rules of EventBridge that call functions on a schedule. */
export class Schedule {
  private readonly rules = new Map<string, AbortController>();
  /** What runs for each rule, or has ended. */
  private readonly runs = new Map<string, Promise<void>>();

  constructor(private readonly options: ScheduleOptions) {}

  /** Plays scheduled rules; those on events are made, but nothing happens that they wait for. */
  public readonly players: ResourcePlayers = {
    'AWS::Events::Rule': {
      uses: ['ScheduleExpression', 'Targets'],
      create: async ({ logicalId, properties }) => {
        if (properties.ScheduleExpression !== undefined) this.begin(logicalId, properties.Targets);
        return { physicalId: logicalId, attributes: { Arn: `arn:aws:events:::rule/${logicalId}` } };
      },
      delete: async (_request, current) => this.end(current.physicalId),
    },
  };

  /** Stops every rule. */
  public async close(): Promise<void> {
    for (const name of [...this.rules.keys()]) await this.end(name);
  }

  private begin(name: string, targets: unknown): void {
    const controller = new AbortController();
    this.rules.set(name, controller);
    const calls = (Array.isArray(targets) ? targets : []).map(recordOf);
    this.runs.set(name, this.run(name, calls, controller.signal));
  }

  private async run(
    name: string,
    calls: readonly Readonly<Record<string, unknown>>[],
    signal: AbortSignal,
  ): Promise<void> {
    let told = false;
    while (!signal.aborted) {
      for (const call of calls) {
        const failure = await this.call(call);
        // What it needs may go away with it.
        if (failure === undefined || told || signal.aborted) continue;
        told = true;
        this.options.onFailure(name, failure);
      }
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async call({
    Arn: arn,
    Input: input,
  }: Readonly<Record<string, unknown>>): Promise<string | undefined> {
    try {
      return await this.options.invoke(String(arn), JSON.parse(String(input ?? '{}')));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async end(name: string): Promise<void> {
    this.rules.get(name)?.abort();
    this.rules.delete(name);
    // Not for others, which may go away only after this one.
    await this.runs.get(name);
  }
}
