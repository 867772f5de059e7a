import { isDeepStrictEqual } from 'node:util';
import {
  countingFrom,
  findVerification,
  forgetVerification,
  type MarkedTable,
  PontoonError,
  quoteQualified,
  type StreamIdentity,
  unbroken,
  writeVerification,
} from '../../postgres';
import type { VerifyOptions } from '../verify/options';
import type { TableVerification } from '../verify/result';
import type { VerificationState } from '../verify/state';
import { verifyTables } from '../verify/verify';
import type { CutoverContext } from './context';
import { streamsNow } from './streams';
import type { NotedResult } from './verified';

/** Why a table is unchecked for as long as there may be others of which nobody knows anything yet. */
const NOT_ENDED = 'the comparison of all tables has not ended';

/** How long a comparison that ends early may take to write down how far it is. */
const LAST_NOTE_MS = 10_000;

/** Where a comparison begins. */
export interface ComparisonBegin {
  readonly streams: readonly StreamIdentity[];
  /** What every selected table was before anything was read. */
  readonly marks: readonly MarkedTable[];
  readonly resumed: VerificationState | undefined;
}

/** A comparison before a cutover, which the new writer remembers: now and then how far it is, and its end. */
export class NotedComparison {
  /** How far it is. */
  public state: VerificationState | undefined;
  private readonly marks: readonly MarkedTable[];
  private readonly resumed: VerificationState | undefined;
  private streams: readonly StreamIdentity[];
  private readonly broken = new AbortController();
  private notedAt = performance.now();
  private noting: Promise<void> | undefined;

  constructor(
    private readonly context: CutoverContext,
    { streams, marks, resumed }: ComparisonBegin,
    private readonly noteEveryMs: number,
  ) {
    this.streams = streams;
    this.marks = marks;
    this.resumed = resumed;
    this.state = resumed;
  }

  /** Compares, and has the result remembered, also of what is broken off: another call goes on from there. */
  public async run(options: VerifyOptions): Promise<readonly TableVerification[]> {
    const tables = await this.compare(options).catch(async (error: unknown) => {
      // What could not be written down a moment ago cannot be now.
      if (!this.broken.signal.aborted) await this.noteAtLast();
      throw error;
    });
    await this.noting;
    this.broken.signal.throwIfAborted();
    await this.remember(this.notedOf(tables));
    return tables;
  }

  private async compare(options: VerifyOptions): Promise<readonly TableVerification[]> {
    const { tables } = await verifyTables({
      ...options,
      signal: AbortSignal.any([this.broken.signal, ...(options.signal ? [options.signal] : [])]),
      onState: (state) => this.follow(state),
    });
    return tables;
  }

  /** What is compared beyond what can be remembered would be compared in vain. */
  private follow(state: VerificationState): void {
    this.state = state;
    const early = performance.now() - this.notedAt < this.noteEveryMs;
    if (early || this.noting !== undefined || this.broken.signal.aborted) return;
    this.noting = this.noteSoFar()
      .catch((error: unknown) => this.broken.abort(error))
      .finally(() => {
        this.noting = undefined;
        this.notedAt = performance.now();
      });
  }

  /** Best effort: whoever asked for the comparison is told why it ended, and not what became of this. */
  private async noteAtLast(): Promise<void> {
    const note = async (): Promise<void> => {
      await this.noting;
      await this.noteSoFar();
    };
    const what = 'write down how far the comparison is';
    await this.context.inTime(what, note, LAST_NOTE_MS).catch(() => undefined);
  }

  /** No table counts as compared before the end. By its mark the next call sees whether what was read of it still does. */
  private async noteSoFar(): Promise<void> {
    // What an earlier call noted, perhaps of all tables, is still true.
    if (isDeepStrictEqual(this.state?.tables ?? {}, this.resumed?.tables ?? {})) return;
    const unended = { status: 'unchecked', reason: NOT_ENDED, seconds: 0 } as const;
    await this.remember(this.notedOf(this.marks.map(({ table }) => ({ table, ...unended }))));
  }

  /** What was found of each table, with what it was when its comparison began. */
  private notedOf(tables: readonly TableVerification[]): readonly NotedResult[] {
    const byName = new Map(this.marks.map(({ table, mark }) => [quoteQualified(table), mark]));
    return tables.map(({ table, status, reason = '' }) => {
      const mark = byName.get(quoteQualified(table));
      return { table, status, reason, ...(mark === undefined ? {} : { mark }) };
    });
  }

  /** Writes down what was compared along the streams, which counts only if those did not break meanwhile. */
  private async remember(results: readonly NotedResult[]): Promise<void> {
    const { context, state } = this;
    const { from, to, migration } = context.plan;
    // The latest counts: the higher they are, the longer a slot that is made anew takes to pass them.
    const last = await streamsNow(context);
    if (!unbroken(this.streams, last)) {
      const known = await context.runOne(to, findVerification(migration));
      // What another comparison began since goes along the stream that there is now.
      if (known !== undefined && !unbroken(known.stream as readonly StreamIdentity[], last))
        await context.run(to, forgetVerification(migration));
      throw new PontoonError(
        'NO_STREAM',
        `'${to}' must follow '${from}' without a break while rows are compared, got another stream, conflicts, or another comparison that began a stream anew; look for who did so, and compare them again`,
      );
    }
    this.streams = countingFrom(this.streams, last);
    const written = await context.runOne(
      to,
      writeVerification(migration, this.streams, { state, results }),
    );
    if (written !== undefined) return;
    throw new PontoonError(
      'FORGOTTEN',
      `the comparison of '${migration}' must be the only one, and end before a cutover opens, got one that was forgotten on '${to}' meanwhile; see what else runs, and compare the rows again`,
    );
  }
}
