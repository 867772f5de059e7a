import {
  foreignWrites,
  type JournalEntry,
  PontoonError,
  quietSlotName,
  writeCanary,
} from '../../postgres';
import type { CutoverContext } from './context';
import { keptOn, ownTables, refuseKeptWriter, refuseUnfenced } from './fence';
import { lookBeforeOpening, type Opening } from './opening';
import { refuseOthers } from './other-sessions';

/**
 * Proves, just before the opening, that nobody else wrote behind the fence: sending clients may take long, and a superuser
 * is kept out by no fence. Applications wait, so that the new writer is asked meanwhile what the opening has to know; its
 * session was asked nothing for some steps, and if it broke all can still be undone.
 */
export async function proveQuiet(context: CutoverContext): Promise<Opening> {
  const journal = await context.journal(context.plan.from);
  const [opening] = await Promise.all([
    lookBeforeOpening(context, journal),
    // If it was decided it was proven; by now the way back may have brought what the new writer's applications wrote.
    journal?.decided === true ? undefined : refuseWrites(context, journal),
  ]);
  return opening;
}

/** Decodes the old writer's log from the moment on at which the last session had gone. */
async function refuseWrites(
  context: CutoverContext,
  journal: JournalEntry | undefined,
): Promise<void> {
  const { from, migration, reverse = [] } = context.plan;
  const since = journal?.quietSince ?? null;
  // The way back may begin by now, and AWS DMS writes there with its own login.
  const returning = reverse.flatMap(({ writer }) => writer ?? []);
  await refuseUnfenced(context, [...(await keptOn(context, from)), ...returning]);
  await refuseOthers(context);
  if (since === null) {
    throw new PontoonError(
      'NOT_QUIET',
      `the journal on '${from}' must say since when nobody else writes, got nothing; run the cutover again`,
    );
  }
  // Only what is on disk is decoded, and somebody who did not wait for that may have written a moment ago.
  await context.run(from, writeCanary(migration, 'quiet'));
  const [write] = await context.run(
    from,
    foreignWrites(quietSlotName(migration), since, ownTables(context.plan)),
    `decode the log of '${from}' behind the fence`,
  );
  if (write === undefined) return await refuseKeptWriter(context);
  throw new PontoonError(
    'NOT_QUIET',
    `the fenced database on '${from}' must not be written to, got transaction ${String(write.xid)} at ${String(write.lsn)} on ${tableOf(write.data)}; find out who wrote before you try again`,
  );
}

function tableOf(data: unknown): string {
  return /^table (.+?): /.exec(String(data))?.[1] ?? 'a table';
}
