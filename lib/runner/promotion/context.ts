import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import {
  clusterOf,
  type MemberState,
  PontoonError,
  type PromotionInput,
  type PromotionLoss,
  type PromotionStepId,
  type SecretStore,
  type Statement,
  sql,
} from '../../postgres';
import { type Row, run } from '../run';
import type { Absence } from './open';

/** Less than the server's own limit, which one that hangs does not keep. */
const PATIENCE_MS = 20_000;
/** A checkpoint writes all that is in memory. */
const CHECKPOINT_MS = 600_000;

/** What is to be promoted, and how far the operator goes. */
export interface PromotionRequest {
  readonly input: PromotionInput;
  /** The operator knows that the old primary is gone, and that nobody can reach it. @default false */
  readonly declareLost?: boolean;
  /**
   * Whether commits that a synchronous primary acknowledged may be lost, and what a primary that answers wrote since
   * somebody else promoted the server that is named by `to`.
   *
   * @default false
   */
  readonly acceptLoss?: boolean;
  /**
   * Whether the operator was told that nobody is promoted yet: what was written since to an old primary that takes
   * writes is not given up without a word.
   *
   * @default false
   */
  readonly toldUnpromoted?: boolean;
}

/** What a promotion needs to work. */
export interface PromotionServices {
  /** Where the logins of the connections are kept. */
  readonly secrets: SecretStore;
  /** Told of each step as it begins, and of what is worth a remark. */
  readonly onEvent?: (event: PromotionEvent) => void;
  /** Milliseconds after which a server that hangs in the midst of its work is given up. @default 20000 */
  readonly patienceMs?: number;
  /**
   * Milliseconds that a standby has to become a primary once it was told to, after which nothing is taken back: the next
   * run waits as long again. More is for a `restore_command` that is slow.
   *
   * @default 120000
   */
  readonly promotionMs?: number;
}

/** What happens during a promotion. */
export type PromotionEvent =
  | { readonly kind: 'step'; readonly id: PromotionStepId }
  | { readonly kind: 'note'; readonly text: string };

/** How a promotion ended. */
export interface PromotionOutcome {
  /** `already-promoted` if an earlier run, or somebody else, had done it; what was left to do was done now. */
  readonly result: 'promoted' | 'already-promoted';
  readonly from: string;
  readonly to: string;
  /** The timeline that the new primary writes. */
  readonly timeline: number;
  /** Where the old timeline ended for the new primary. */
  readonly forkedAt: string;
  readonly loss: PromotionLoss;
  /** The servers that stream from the new primary. */
  readonly following: readonly string[];
  /** Those that do not, and why. The old primary is among them until it has been rejoined. */
  readonly notFollowing: readonly NotFollowing[];
  /** Whether every commit on the new primary waits, since fewer follow it than are to have each. */
  readonly commitsWait: boolean;
  /** What the operator has to see to: what a promotion leaves behind, or could not find out. */
  readonly remarks: readonly string[];
  /** Milliseconds from the first look to the moment when the new primary takes writes; undefined for what was done before. */
  readonly openedMs?: number;
}

/** A server that does not stream from the new primary. */
export interface NotFollowing {
  readonly server: string;
  readonly reason: string;
  /** Whether it was told to follow, and does not yet: neither the old primary nor one that nobody reaches. */
  readonly late: boolean;
}

/** One walk: the servers that answer, and those that do not. */
export class PromotionContext {
  public readonly input: PromotionInput;
  /** All servers of the cluster; the primary of the topology comes first. */
  public readonly members: readonly string[];
  /** What the outcome has to say beside what was done. */
  public readonly remarks: string[] = [];
  /** The sessions that hold the right to promote, as their servers know them. */
  public readonly holding = new Map<string, string>();
  private readonly began = performance.now();

  constructor(
    public readonly request: PromotionRequest,
    public readonly services: PromotionServices,
    public readonly sessions: Map<string, Client>,
    public readonly absent: ReadonlyMap<string, Absence>,
  ) {
    this.input = request.input;
    this.members = clusterOf(this.input.topology, this.input.from);
  }

  /** Milliseconds since the walk began. */
  public elapsedMs(): number {
    return performance.now() - this.began;
  }

  /** Tells that a step begins. */
  public step(id: PromotionStepId): void {
    this.services.onEvent?.({ kind: 'step', id });
  }

  /** Tells something that is worth a remark. */
  public note(text: string): void {
    this.services.onEvent?.({ kind: 'note', text });
  }

  /**
   * Runs `statement` on `server` and returns its rows. A server that hangs must not keep others waiting, such as clients
   * behind a fence: its session is broken off after `patienceMs`, so that nothing of ours happens there later.
   *
   * @throws PontoonError with code NO_ANSWER.
   */
  public async run(
    server: string,
    statement: Statement,
    patienceMs = this.services.patienceMs ?? PATIENCE_MS,
  ): Promise<readonly Row[]> {
    const session = this.session(server);
    const answered = new AbortController();
    const silence = delay(patienceMs, undefined, { signal: answered.signal }).catch(
      () => undefined,
    );
    try {
      const rows = await Promise.race([run(session, statement), silence]);
      if (rows !== undefined) return rows;
    } finally {
      answered.abort();
    }
    session.connection.stream.destroy();
    throw new PontoonError(
      'NO_ANSWER',
      `'${server}' must answer within ${patienceMs / 1000} s, got nothing to ${statement.redacted}; look whether it hangs`,
    );
  }

  /** Writes all that is in the memory of `server` to its disk, however long that takes. */
  public async checkpoint(server: string): Promise<void> {
    await this.run(server, sql('SET statement_timeout = 0'));
    await this.run(server, sql('CHECKPOINT'), CHECKPOINT_MS);
    await this.run(server, sql('RESET statement_timeout'));
  }

  /** Runs `statement` on `server` and returns its first row. */
  public async runOne(server: string, statement: Statement): Promise<Row | undefined> {
    return (await this.run(server, statement))[0];
  }

  private session(server: string): Client {
    const session = this.sessions.get(server);
    if (session !== undefined) return session;
    throw new PontoonError(
      'NO_SESSION',
      `the promotion must have a session on '${server}', got none; add its connection`,
    );
  }
}

/** What every server that answers is. */
export type Members = ReadonlyMap<string, MemberState>;
