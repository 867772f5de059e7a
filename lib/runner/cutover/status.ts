import {
  CutoverPhase,
  type Gate,
  type JournalEntry,
  LinkKind,
  type PathState,
  type ReplicationPath,
  slotState,
  stateOf,
  whoWalks,
} from '../../postgres';
import { CutoverContext } from './context';
import { finalStateOf } from './finalized';
import { readGates } from './gates';
import { lagOf } from './lag';
import { leftSlots } from './left-slot';
import { pastFence } from './past-fence';
import { sqlOf, subscriptionOf } from './paths';
import type { CutoverRequest, CutoverServices } from './services';

/** How far a migration is, and how it is. */
export interface CutoverStatus {
  readonly phase: CutoverPhase;
  /** The server that applications may write to; undefined while none is, or if nothing says which one. */
  readonly writer: string | undefined;
  /** Where clients are sent; undefined if that is somebody else's. */
  readonly active: string | undefined;
  /** Servers that are fenced, by whom, and for how long yet. */
  readonly fenced: readonly {
    readonly server: string;
    readonly owner: string;
    readonly remainingMs: number;
    readonly decided: boolean;
    /** Whether the writer that it waits for is open. */
    readonly opened: boolean;
    /** Who gets past it while the new writer is open, a sentence each: what they write there never travels. */
    readonly past: readonly string[];
  }[];
  /** Slots that keep WAL for a walk that was cut off, or is between two steps of a state machine. */
  readonly left: readonly { readonly server: string; readonly slot: string }[];
  /** Who walks at the moment. */
  readonly walking: string | undefined;
  readonly forward: WayStatus;
  /** Undefined if the user declared that there is no way back. */
  readonly reverse: WayStatus | undefined;
  /** What must hold before a cutover; empty unless the migration waits for one, and they were asked for. */
  readonly gates: readonly Gate[];
}

/** How a path is. */
export interface PathStatus {
  /** The part of the tables that travels this way; undefined unless several share them. */
  readonly part?: string;
  readonly state: PathState;
  /** Bytes of the log that its reader has not confirmed; undefined without a slot. */
  readonly lagBytes: number | undefined;
  /**
   * Bytes of the log that the slots on its server keep, its own and others, which open transactions make far more than
   * its reader lies behind; undefined without a slot.
   */
  readonly keptBytes: number | undefined;
}

/** How a way is: as the path that is worst off. */
export interface WayStatus extends PathStatus {
  /** The paths, if several share the tables. */
  readonly parts?: readonly PathStatus[];
}

/** Looks at the servers and at the endpoint; changes nothing. */
export async function status(
  request: Pick<CutoverRequest, 'plan'> & { readonly waysOnly?: boolean },
  services: CutoverServices,
): Promise<CutoverStatus> {
  const context = new CutoverContext({ ...request, owner: '' }, services);
  const { plan } = context;
  const [from, to] = [await standing(context, plan.from), await standing(context, plan.to)];
  const forward = await wayStatus(context, plan.forward);
  const reverse = plan.reverse === undefined ? undefined : await wayStatus(context, plan.reverse);
  const active = await services.endpoint?.active();
  const state = stateOf(plan, {
    from,
    to,
    forward: forward.state,
    reverse: reverse?.state ?? 'absent',
    active,
    finalized: await finalStateOf(context),
  });
  const holder = await context.runOne(plan.from, whoWalks(plan.migration));
  return {
    ...state,
    active,
    fenced: [
      ...(await fenceOf(context, plan.from, from)),
      ...(await fenceOf(context, plan.to, to)),
    ],
    left: [...(await leftSlots(context, plan.from)), ...(await leftSlots(context, plan.to))],
    walking: holder === undefined ? undefined : String(holder.name),
    forward,
    reverse,
    gates:
      state.phase === CutoverPhase.PROVISIONED && request.waysOnly !== true
        ? await readGates(context)
        : [],
  };
}

/** The fence that stands on `server`, with who gets past it. */
export async function fenceOf(
  context: CutoverContext,
  server: string,
  entry: JournalEntry | undefined,
): Promise<CutoverStatus['fenced']> {
  if (entry === undefined) return [];
  const { owner, remainingMs, decided, opened } = entry;
  const past = opened ? await pastFence(context, server) : [];
  return [{ server, owner, remainingMs, decided, opened, past }];
}

/** The journal's entry on `server` if its fence stands. */
export async function standing(
  context: CutoverContext,
  server: string,
): Promise<JournalEntry | undefined> {
  const found = await context.journal(server);
  return found?.lifted === true ? undefined : found;
}

/** How the way is that consists of `paths`. */
export async function wayStatus(
  context: CutoverContext,
  paths: readonly ReplicationPath[],
): Promise<WayStatus> {
  const parts: PathStatus[] = [];
  for (const path of paths) parts.push(await pathStatus(context, path));
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  return {
    state: stateOfAll(parts),
    lagBytes: most(parts.map(({ lagBytes }) => lagBytes)),
    keptBytes: most(parts.map(({ keptBytes }) => keptBytes)),
    parts,
  };
}

function most(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.flatMap((number) => number ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** A way carries if all of its paths do, and is gone once all of them are. */
function stateOfAll(parts: readonly PathStatus[]): PathState {
  const states = new Set(parts.map(({ state }) => state));
  const [state] = states;
  if (states.size === 1 && state !== undefined) return state;
  if (states.has('stopped')) return 'stopped';
  return states.has('stalled') ? 'stalled' : states.has('copying') ? 'copying' : 'stopped';
}

async function pathStatus(context: CutoverContext, path: ReplicationPath): Promise<PathStatus> {
  const slot = await context.runOne(path.decoder, slotState(path.slotName));
  const lag = await lagOf(context, path);
  const [lagBytes, keptBytes] = [lag?.bytes, lag?.kept].map((bytes) =>
    bytes === undefined ? undefined : Number(bytes),
  );
  const said = {
    ...(path.part === undefined ? {} : { part: path.part }),
    lagBytes,
    keptBytes,
  };
  if (path.kind === LinkKind.DMS) {
    if (slot === undefined) return { ...said, state: 'absent' };
    return { ...said, state: slot.active === true ? 'carrying' : 'stopped' };
  }
  const receiver = context.receiver(path);
  const row = await context.runOne(receiver, sqlOf(context, path).state(subscriptionOf(path)));
  if (row === undefined) return { ...said, state: 'absent' };
  if (row.enabled !== true) return { ...said, state: 'stopped' };
  if (slot?.active === true) return { ...said, state: 'carrying' };
  return { ...said, state: row.copying === true ? 'copying' : 'stalled' };
}
