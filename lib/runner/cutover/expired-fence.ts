import type { ClientBase } from 'pg';
import {
  type Connection,
  type CutoverInput,
  findJournal,
  type JournalEntry,
  journalExists,
  PontoonError,
  type SecretStore,
} from '../../postgres';
import { runOne } from '../run';
import { abandon, abandonExpired } from './abandon';
import { CutoverContext } from './context';
import { isLeftHeld, leftSlot } from './left-slot';
import type { CutoverRequest, CutoverServices } from './services';
import { withSessions } from './sessions';

/** Who lifts a fence whose walk is gone. */
const NAMED = 'watch';

/** What is needed to look after fences that nobody walks behind any more. */
export interface FenceWatch {
  readonly secrets: SecretStore;
  /** Says what could not be reached, and is not needed to open the old writer. */
  readonly log: (line: string) => void;
  /** Opens everything that an input names, gives it to `use`, and closes it, however `use` ends. */
  readonly withServices: <Result>(
    input: CutoverInput,
    use: (services: CutoverServices) => Promise<Result>,
  ) => Promise<Result>;
}

/**
 * Whether the deadline of a fence has passed, and its new writer is not known to be open; also of one that was lifted, but
 * not all of its walk taken back.
 */
export function isOverdue(found: JournalEntry | undefined): boolean {
  return found?.expired === true && !found.opened;
}

/** Asks the old writer, and no other server, for the entry of its fence, and gives it to `use` with that session. */
export async function withFence<Result>(
  { plan, connections }: CutoverInput,
  secrets: SecretStore,
  use: (found: JournalEntry | undefined, services: CutoverServices) => Promise<Result>,
): Promise<Result> {
  const connection = connections[plan.from];
  if (connection === undefined) {
    throw new PontoonError(
      'NO_SESSION',
      `'connections' must have '${plan.from}', got none; add it`,
    );
  }
  const only = { [plan.from]: connection };
  const purpose = `${NAMED} ${plan.migration}`;
  return await withSessions(only, secrets, { purpose }, async (sessions) => {
    const session = sessions.get(plan.from);
    const found = session === undefined ? undefined : await readEntry(session, plan.migration);
    return await use(found, { sessions, secrets });
  });
}

async function readEntry(
  session: ClientBase,
  migration: string,
): Promise<JournalEntry | undefined> {
  if ((await runOne(session, journalExists()))?.exists !== true) return undefined;
  // The statement's columns are the entry's.
  return (await runOne(session, findJournal(migration))) as unknown as JournalEntry | undefined;
}

/**
 * The entry of the fence on the old writer, also of one that was lifted by an undo that has not ended. Neither the new
 * writer nor the endpoint is asked.
 */
export async function readFence(
  { plan }: Pick<CutoverRequest, 'plan'>,
  services: CutoverServices,
): Promise<JournalEntry | undefined> {
  return await new CutoverContext({ plan, owner: '' }, services).journal(plan.from);
}

/** Lifts the fence of a walk whose deadline passed before it decided. Says whether there was one. */
export async function liftExpired(input: CutoverInput, watch: FenceWatch): Promise<boolean> {
  const request = { plan: input.plan, owner: NAMED };
  return await watch.withServices(
    await withoutSilent(input, watch, NAMED),
    async (services) => await abandonExpired(request, services),
  );
}

/**
 * Takes back what a walk made ready on the old writer that was cut off before its fence. Says whether there was anything.
 * It is not for a schedule beside a state machine, between whose steps nobody walks.
 */
export async function dropLeft(input: CutoverInput, watch: FenceWatch): Promise<boolean> {
  const { plan } = input;
  const request = { plan, owner: NAMED };
  const left = await withFence(input, watch.secrets, (_found, services) =>
    leftSlot(new CutoverContext(request, services), plan.from),
  );
  if (left === undefined && !(await isHeldByNobody(input, watch.secrets))) return false;
  await watch.withServices(
    await withoutSilent(input, watch, NAMED),
    async (services) => await abandon(request, services),
  );
  return true;
}

/** Nothing says so of a server that does not answer, whose deployment waits for that anyway. */
async function isHeldByNobody(input: CutoverInput, secrets: SecretStore): Promise<boolean> {
  const { plan } = input;
  const found = await reachable(input, { secrets, log: () => undefined }, NAMED);
  if (found[plan.from] === undefined || found[plan.to] === undefined) return false;
  return await withSessions(found, secrets, { purpose: `${NAMED} ${plan.migration}` }, (sessions) =>
    isLeftHeld(new CutoverContext({ plan, owner: NAMED }, { sessions, secrets })),
  );
}

/** `input` without the servers that do not answer, but for the old writer, which nothing is lifted without. */
export async function withoutSilent(
  input: CutoverInput,
  watch: Pick<FenceWatch, 'secrets' | 'log'>,
  purpose: string,
): Promise<CutoverInput> {
  const { from } = input.plan;
  const { [from]: first, ...others } = input.connections;
  const answering = await reachable({ ...input, connections: others }, watch, purpose);
  return {
    ...input,
    connections: first === undefined ? answering : { [from]: first, ...answering },
  };
}

/** A server that is down must not keep the others from being freed; what is left to undo there is an error afterwards. */
export async function reachable(
  { plan, connections }: CutoverInput,
  { secrets, log }: Pick<FenceWatch, 'secrets' | 'log'>,
  purpose: string,
): Promise<CutoverInput['connections']> {
  const found: Record<string, Connection> = {};
  for (const [server, connection] of Object.entries(connections)) {
    try {
      const options = { purpose: `${purpose} ${plan.migration}` };
      await withSessions({ [server]: connection }, secrets, options, () => Promise.resolve());
      found[server] = connection;
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
    }
  }
  return found;
}
