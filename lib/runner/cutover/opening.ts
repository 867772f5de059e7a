import {
  accessBefore,
  type ClosedAccess,
  type ConnectionGuardSpec,
  findEntry,
  forgetVerification,
  type JournalEntry,
  type Statement,
  verificationExists,
} from '../../postgres';
import type { CutoverContext } from './context';
import { accessOf, keptOn } from './fence';

/** What the opening has to know. */
export interface Opening {
  /** Whether it was decided before: an earlier try may have let applications in, and was cut off before that was noted. */
  readonly decided: boolean;
  /** Whether the new writer is one that an earlier cutover left, and that its fence still closes. */
  readonly fenced: boolean;
  /** Has the new writer forget what was compared: whoever comes here again has a stream that begins now, and compares anew. */
  readonly forgotten: readonly Statement[];
  readonly named: readonly string[];
  readonly guarded: ClosedAccess | undefined;
}

/** Asks what the opening has to know; `journal` is that of the old writer. */
export async function lookBeforeOpening(
  context: CutoverContext,
  journal: JournalEntry | undefined,
): Promise<Opening> {
  const { to, migration } = context.plan;
  const compared = (await context.runOne(to, verificationExists()))?.exists === true;
  return {
    decided: journal?.decided === true,
    fenced: (await context.journal(to)) !== undefined,
    forgotten: compared ? [forgetVerification(migration)] : [],
    named: await namedOnOldWriter(context, journal),
    guarded: await keptOutByGuard(context),
  };
}

/** Who could connect before a guard kept applications out of the new writer; undefined if there is no guard. */
export async function keptOutByGuard(context: CutoverContext): Promise<ClosedAccess | undefined> {
  const { to } = context.plan;
  const row = await context.runOne(
    to,
    findEntry({ server: to, kind: 'connection-guard', name: 'connection-guard' }),
  );
  if (row === undefined) return undefined;
  const before = accessBefore(row.before as object);
  const { keep } = row.spec as ConnectionGuardSpec;
  return { ...before, given: keep.filter((name) => !before.connect.includes(name)) };
}

/**
 * What those are called on the new writer that are granted CONNECT on the old one by name, before the fence if its
 * `journal` is there: a login may be added while the new writer is closed, where nobody may let it in.
 */
export async function namedOnOldWriter(
  context: CutoverContext,
  journal: JournalEntry | undefined,
): Promise<readonly string[]> {
  const { from, forward, reverse = [], logins = {} } = context.plan;
  const { connect } = journal?.connectBefore ?? (await accessOf(context, from));
  const writers = [...forward, ...reverse].flatMap(({ writer }) => writer ?? []);
  const own = ['', ...(await keptOn(context, from)), ...writers];
  return connect.filter((name) => !own.includes(name)).map((name) => logins[name] ?? name);
}
