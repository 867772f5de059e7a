import {
  holdsAcknowledged,
  noteWaitedFor,
  PontoonError,
  parseWaitedFor,
  quorumOf,
  reloadSettings,
  type SynchronousStandbys,
  setForServer,
  synchronousNames,
  type WaitedFor,
  waitedFor,
  waitForOwnDisk,
} from '../../postgres';
import type { PromotionContext } from './context';
import { refuseUnread } from './unread';

/** Those who answer, of whom some may have more of the log than they say. */
export interface Answering {
  readonly answering: readonly string[];
  readonly unread: readonly string[];
}

/**
 * Whether no acknowledged commit can be lost if `to` is promoted while `answering` are all who answer, not counting those
 * who are `unread`. What the topology says counts only if the old primary has noted that it was in force, since machines
 * do not follow the topology.
 *
 * @throws PontoonError with code QUORUM_NOT_NOTED, QUORUM_UNKNOWN or LOG_UNREAD, unless a loss is accepted.
 */
export async function acknowledgedAreSafe(
  context: PromotionContext,
  to: string,
  { answering, unread }: Answering,
): Promise<boolean> {
  const { input, request } = context;
  const quorum = quorumOf(input.topology, input.from);
  if (quorum === undefined) {
    refuseUnread(context, unread);
    return false;
  }
  if (!(await isNoted(context, to))) {
    const refusal = await notNoted(context, to);
    if (request.acceptLoss !== true) throw refusal;
    context.note(refusal.message);
    return false;
  }
  const known = answering.filter((name) => !unread.includes(name));
  if (holdsAcknowledged(quorum, known)) return true;
  refuseUnread(context, unread);
  if (request.acceptLoss === true) return false;
  const needed = quorum.standbys.length - quorum.quorum + 1;
  throw new PontoonError(
    'QUORUM_UNKNOWN',
    `${needed} of ${quoted(quorum.standbys)} must answer, so that one of them has every acknowledged commit, got ${answering.filter((name) => quorum.standbys.includes(name)).length}; make another one reachable, or say --accept-loss`,
  );
}

/** Whether the primary that is replaced noted the quorum of the topology, as far as `to` has replayed. */
export async function isNoted(context: PromotionContext, to: string): Promise<boolean> {
  const { input } = context;
  const quorum = quorumOf(input.topology, input.from);
  return quorum !== undefined && (await noteOn(context, to)).noted === synchronousNames(quorum);
}

/** What a loss of the primary that answers would cost, if it has not noted the quorum of the topology. */
export async function remarksOnNote(context: PromotionContext): Promise<string[]> {
  const { from, topology } = context.input;
  if (quorumOf(topology, from) === undefined || (await isNoted(context, from))) return [];
  const { message } = await notNoted(context, from);
  return [`if '${from}' were lost now, this would be refused: ${message}`];
}

/** Whom commits wait for on a primary. */
export interface Waiting {
  /** Whether every commit waits, since fewer follow than are to have each. */
  readonly commitsWait: boolean;
  readonly remarks: readonly string[];
}

/**
 * What keeps every commit on the primary `to` waiting while only `following` stream from it: nothing if they are enough.
 * Nobody but the operator may let it acknowledge what nobody else has. What the machine waits for counts where the
 * topology asks for nobody.
 */
export async function waitingOn(
  context: PromotionContext,
  to: string,
  following: readonly string[],
): Promise<Waiting> {
  const said = quorumOf(context.input.topology, to);
  const { inForce } = await noteOn(context, to);
  const wanted = said ?? parseWaitedFor(inForce);
  if (wanted === undefined) return { commitsWait: false, remarks: [] };
  const unsaid =
    said === undefined
      ? [
          `commits on '${to}' wait for ${inForce}, of which the topology says nothing, so that no promotion counts on it: give 'synchronous' as it is in force`,
        ]
      : [];
  const there = following.filter((name) => names(wanted, name));
  if (there.length >= wanted.quorum) return { commitsWait: false, remarks: unsaid };
  return { commitsWait: true, remarks: [hang(context, to, { wanted, there }), ...unsaid] };
}

/** As PostgreSQL compares them. */
function names({ standbys }: SynchronousStandbys, server: string): boolean {
  return standbys.some((name) => name === '*' || name.toLowerCase() === server.toLowerCase());
}

/** Those that are waited for, and those of them that follow. */
interface TooFew {
  readonly wanted: SynchronousStandbys;
  readonly there: readonly string[];
}

function hang(
  { input: { connections } }: PromotionContext,
  to: string,
  { wanted, there }: TooFew,
): string {
  const fewer =
    there.length === 0 ? '' : synchronousNames({ quorum: there.length, standbys: [...there] });
  const statements = [
    waitForOwnDisk(),
    noteWaitedFor(connections[to]?.database ?? '', ''),
    setForServer('synchronous_standby_names', fewer),
    reloadSettings(),
  ];
  return `every commit on '${to}' waits for ${wanted.quorum} of ${quoted(wanted.standbys)}, and ${there.length === 0 ? 'none of them follows it' : `only ${quoted(there)} ${there.length === 1 ? 'follows' : 'follow'} it`}, so that clients hang: rejoin others, or, if clients may not wait for that, have commits wait for ${there.length === 0 ? 'nobody' : 'those only'} by ${statements.map(({ text }) => `${text};`).join(' ')} on '${to}'`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

/** Has the primary `to` note for its standbys whom it waits for, so that they know it when it is lost. */
export async function noteQuorum(context: PromotionContext, to: string): Promise<void> {
  const { inForce, noted } = await noteOn(context, to);
  if (inForce === (noted ?? '')) return;
  const database = context.input.connections[to]?.database;
  if (database !== undefined) await context.run(to, noteWaitedFor(database, inForce));
}

async function noteOn(context: PromotionContext, server: string): Promise<WaitedFor> {
  return (await context.runOne(server, waitedFor())) as unknown as WaitedFor;
}

async function notNoted(context: PromotionContext, to: string): Promise<PontoonError> {
  const { from, topology } = context.input;
  const quorum = quorumOf(topology, from);
  const names = quorum === undefined ? '' : synchronousNames(quorum);
  const { noted } = await noteOn(context, to);
  return new PontoonError(
    'QUORUM_NOT_NOTED',
    `'${from}' must have noted that its commits wait for ${names}, as the topology says, got ${noted === null ? 'no note' : noted} on '${to}'; ${noted === null ? '' : "give 'synchronous' as it was in force, or "}say --accept-loss, and it counts as asynchronous`,
  );
}
