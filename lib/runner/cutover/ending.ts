import { type CutoverPlan, isLetIn, PontoonError, unfencedLogins } from '../../postgres';
import { Ledger } from '../ledger';
import type { CutoverContext } from './context';
import { keptOn } from './fence';

/** How a migration ends. */
export interface Ending {
  /** The server that applications write to from then on. */
  readonly writer: string;
  /** Servers of the plan that never come back: nothing is asked of them. */
  readonly gone: readonly string[];
  /** The old writer and the new one, without one that is gone. */
  readonly writers: readonly string[];
}

/** How `plan` ends without the servers that are `gone`: with its new writer, unless that is one of them. */
export function endingOf({ from, to }: CutoverPlan, gone: readonly string[]): Ending {
  const writers = [from, to].filter((server) => !gone.includes(server));
  return { writer: gone.includes(to) ? from : to, gone, writers };
}

/** A plan does not say which of both directions a user calls back. */
const OTHER_DIRECTION =
  'finalize it in the other direction: with \'--back\' ("back": true for a state machine) after a rollback, without it otherwise';

/**
 * Refuses to end a migration with a writer that nothing says is open, or may lack what was written on the other one.
 *
 * @throws PontoonError with code NOT_OPEN for the former, and WRITES_LOST for the latter.
 */
export async function requireOpen(
  context: CutoverContext,
  { writer, writers }: Ending,
): Promise<void> {
  const { from } = context.plan;
  if (writers.length === 2) return await requireOpened(context);
  if (writer === from) await requireUndecided(context);
  else await requireNoFence(context);
  await requireLetIn(context, writer);
}

async function requireOpened(context: CutoverContext): Promise<void> {
  const { plan } = context;
  const found = await context.journal(plan.from);
  if (found?.opened === true) return;
  const other = found === undefined ? await context.journal(plan.to) : undefined;
  const [got, wayOut] =
    found !== undefined
      ? ['a walk that has not ended', 'run that again first']
      : other?.opened === true
        ? [`'${plan.from}' open again`, OTHER_DIRECTION]
        : [`no fence on '${plan.from}'`, `move the writers to '${plan.to}' first`];
  throw notOpen(plan, plan.to, `${got}; ${wayOut}`);
}

/** With the new writer gone the old one is the writer, unless applications may have written on the new one. */
async function requireUndecided(context: CutoverContext): Promise<void> {
  const { from, to, migration } = context.plan;
  const found = await context.journal(from);
  if (found?.decided !== true) return;
  const opened = found.opened ? 'was opened' : 'was to be opened, and may be open';
  throw new PontoonError(
    'WRITES_LOST',
    `the migration '${migration}' cannot end with '${from}' as its writer and without what was written on '${to}', got a fence on '${from}' behind which '${to}' ${opened}; bring '${to}' back, or see WRITES_LOST in 'pontoon runbook' before anything is lifted by hand`,
  );
}

/** With the old writer gone its journal is too. Only a walk in the other direction fences the new one. */
async function requireNoFence(context: CutoverContext): Promise<void> {
  const { from, to } = context.plan;
  const found = await context.journal(to);
  if (found === undefined) return;
  const got = `a fence on '${to}' of a walk to '${from}' by '${found.owner}'`;
  throw notOpen(context.plan, to, `${got}; ${OTHER_DIRECTION}`);
}

/**
 * An opening notes on the new writer that it let applications in. Whoever let them in by hand decided so: where there is
 * no guard that keeps them out, by sending clients there.
 */
async function requireLetIn(context: CutoverContext, writer: string): Promise<void> {
  const { plan } = context;
  const ledger = new Ledger(context.session(writer), writer);
  await ledger.require();
  if ((await context.runOne(writer, isLetIn(plan.migration, writer)))?.let_in === true) return;
  const name = 'connection-guard';
  const guard = await ledger.find({ server: writer, kind: name, name });
  if (guard !== undefined && guard.before.retired === undefined) {
    const { keep } = guard.spec as { readonly keep?: readonly string[] };
    const kept = [...(await keptOn(context, writer)), ...(keep ?? [])];
    if ((await context.run(writer, unfencedLogins(kept))).length > 0) return;
    const got = 'its connection guard, which keeps applications out';
    throw neverLetIn(plan, writer, got, 'let a login in there by GRANT CONNECT');
  }
  if (writer === plan.from || (await context.activeSide()) === writer) return;
  const got = 'neither a cutover that let applications in there, nor clients that are sent there';
  throw neverLetIn(plan, writer, got, 'send clients there');
}

function neverLetIn(plan: CutoverPlan, writer: string, got: string, letIn: string): PontoonError {
  const other = writer === plan.to ? plan.from : plan.to;
  const wayOut = `bring '${other}' back, or, once it is decided that what it did not send is lost, move the sequences on '${writer}' ahead, ${letIn}, and run it again`;
  return notOpen(plan, writer, `${got}; ${wayOut}`);
}

function notOpen({ migration }: CutoverPlan, writer: string, gotAndWayOut: string): PontoonError {
  return new PontoonError(
    'NOT_OPEN',
    `the migration '${migration}' must have opened '${writer}' before it ends with that as its writer, got ${gotAndWayOut}`,
  );
}
