import { openingSessions, type Statement, stillOpening } from '../postgres';
import type { Row } from './run';

type Ask = (statement: Statement) => Promise<readonly Row[]>;

/**
 * Sessions that were being opened when a fence was closed, and that nothing shows yet: they may have passed it, and write
 * whenever they like.
 */
export class OpeningSessions {
  private constructor(
    private readonly ask: Ask,
    private pids: readonly number[],
  ) {}

  /** To be asked behind the change of who may connect. */
  public static async behind(ask: Ask): Promise<OpeningSessions> {
    return new OpeningSessions(ask, pidsOf(await ask(openingSessions())));
  }

  /** How many are not there yet. Whoever asks for sessions afterwards sees the others. */
  public async left(): Promise<number> {
    if (this.pids.length > 0) this.pids = pidsOf(await this.ask(stillOpening(this.pids)));
    return this.pids.length;
  }
}

function pidsOf(rows: readonly Row[]): readonly number[] {
  return rows.map(({ pid }) => Number(pid));
}
