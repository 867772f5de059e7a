import {
  calledSequences,
  isAhead,
  PontoonError,
  type QualifiedName,
  quoteQualified,
  readSequences,
  SEQUENCES_AT_ONCE,
  type SequencePair,
  type SequencePosition,
  type SequenceState,
  sequencePosition,
  setSequences,
} from '../../postgres';
import type { StraySequence } from './ahead';
import type { CutoverContext } from './context';
import { sequencesOf } from './target-names';

/** Sequences that one statement reads from themselves, or sets. */
const AT_ONCE = 200;

/** So few that to ask first which of them have given out a value takes longer than to read them all. */
const FEW = 50;

/** Has every sequence of the new writer go on where the old one stopped, and reads back that it does. */
export async function carrySequences(context: CutoverContext): Promise<void> {
  const { from, limits } = context.plan;
  const { pairs, strays } = context.ahead?.sequences ?? (await sequencesOf(context));
  refuseUnreadable(pairs, from);
  const goingOn = pairs.filter((pair) => pair.to !== undefined);
  const called = new Map(goingOn.map((pair) => [quoteQualified(pair.from), pair.to ?? pair.from]));
  const states = await statesOf(
    context,
    from,
    goingOn.map((pair) => pair.from),
  );
  const positions = states.map((state) => {
    const { schema, name } = called.get(quoteQualified(state)) ?? state;
    return { ...sequencePosition(state, limits.sequenceMargin), schema, name };
  });
  await setTo(context, positions);
  const moved = await carryStrays(context, strays.filter(isCarried), 'called');
  const without = pairs.length - goingOn.length;
  await context.note(
    `${positions.length} sequences${without === 0 ? '' : `, and ${without} of columns that are left out`}${moved === 0 ? '' : `, and ${moved} elsewhere that no table is known to use`}`,
  );
}

/** Whether the one on the new writer is moved ahead, so that whoever takes numbers of it there is given none twice. */
export function isCarried({ from, to }: StraySequence): boolean {
  return from.readable && to?.readable === true && to.settable;
}

/**
 * Moves those ahead already that no table is known to use, of which there may be thousands: behind the fence only what they
 * have given out since is left. One that has given out nothing on either, but was set or restarted, is looked at here only.
 */
export async function carryStraysAhead(context: CutoverContext): Promise<void> {
  const { strays } = await sequencesOf(context);
  const moved = await carryStrays(context, strays.filter(isCarried), 'all');
  if (moved > 0) await context.note(`${moved} sequences moved ahead that no table is known to use`);
}

/**
 * Who uses these on the new writer is not known either, and so none is moved back there. One that was restarted or set has
 * given out nothing any more, but its namesake may have. Says how many were moved.
 */
async function carryStrays(
  context: CutoverContext,
  strays: readonly StraySequence[],
  which: 'all' | 'called',
): Promise<number> {
  const { from, to, limits } = context.plan;
  const names = new Map(
    strays.map((stray) => [quoteQualified(stray.from), stray.to ?? stray.from]),
  );
  const thereOf = (one: QualifiedName) => names.get(quoteQualified(one)) ?? one;
  const asked = strays.map((stray) => stray.from);
  // Applications wait for this behind the fence, so that both servers are asked at once.
  const [here, found] = await Promise.all([
    calledOf(context, from, asked),
    calledOf(context, to, asked.map(thereOf)),
  ]);
  const calledThere = new Set(found.called.map(quoteQualified));
  const uncalled = here.others.filter(
    (one) => which === 'all' || calledThere.has(quoteQualified(thereOf(one))),
  );
  const stand = [...here.called, ...(await exactly(context, from, uncalled))];
  const positions = stand.map((state) => {
    const { schema, name } = thereOf(state);
    return { ...sequencePosition(state, limits.sequenceMargin), schema, name };
  });
  const wanted = new Set(positions.map(quoteQualified));
  const others = found.others.filter((one) => wanted.has(quoteQualified(one)));
  const there = byName([...found.called, ...(await exactly(context, to, others))]);
  const ahead = positions.filter((position) => {
    const one = there.get(quoteQualified(position));
    return one !== undefined && isAhead(position, one);
  });
  for (const some of chunks(ahead)) await context.run(to, setSequences(some));
  return ahead.length;
}

async function setTo(
  context: CutoverContext,
  positions: readonly SequencePosition[],
): Promise<void> {
  const { to } = context.plan;
  for (const some of chunks(positions)) await context.run(to, setSequences(some));
  const there = byName(await statesOf(context, to, positions));
  for (const position of positions)
    checkPosition(position, there.get(quoteQualified(position)), to);
}

function byName(states: readonly SequenceState[]): ReadonlyMap<string, SequenceState> {
  return new Map(states.map((state) => [quoteQualified(state), state]));
}

function refuseUnreadable(pairs: readonly SequencePair[], server: string): void {
  const [first] = pairs.filter((pair) => !pair.from.readable);
  if (first === undefined) return;
  throw new PontoonError(
    'UNREADABLE',
    `sequence ${quoteQualified(first.from)} on '${server}' must be readable, got no right to SELECT; grant it to the role of the runner`,
  );
}

/** Where `sequences` stand, in their order, also those that have given out nothing, but may have been set or restarted. */
async function statesOf(
  context: CutoverContext,
  server: string,
  sequences: readonly QualifiedName[],
): Promise<SequenceState[]> {
  const { called, others } =
    sequences.length <= FEW
      ? { called: [], others: sequences }
      : await calledOf(context, server, sequences);
  const states = byName([...called, ...(await exactly(context, server, others))]);
  return sequences.flatMap((one) => states.get(quoteQualified(one)) ?? []);
}

/** Where `sequences` stand, by themselves. */
async function exactly(
  context: CutoverContext,
  server: string,
  sequences: readonly QualifiedName[],
): Promise<SequenceState[]> {
  const states: SequenceState[] = [];
  for (const some of chunks(sequences)) {
    const rows = await context.run(server, readSequences(some));
    states.push(...(rows as unknown as SequenceState[]));
  }
  return states;
}

/** Where those of `sequences` stand that have given out a value, and which the others are. */
async function calledOf(
  context: CutoverContext,
  server: string,
  sequences: readonly QualifiedName[],
): Promise<{ readonly called: SequenceState[]; readonly others: QualifiedName[] }> {
  const states: SequenceState[] = [];
  for (const some of chunks(sequences, SEQUENCES_AT_ONCE)) {
    const rows = await context.run(server, calledSequences(some));
    states.push(...(rows as unknown as SequenceState[]));
  }
  return {
    called: states.filter(({ isCalled }) => isCalled),
    others: states.filter(({ isCalled }) => !isCalled),
  };
}

function checkPosition(
  wanted: SequencePosition,
  found: SequenceState | undefined,
  server: string,
): void {
  if (found?.lastValue === wanted.lastValue && found.isCalled === wanted.isCalled) return;
  throw new PontoonError(
    'SEQUENCE_DIFFERS',
    `sequence ${quoteQualified(wanted)} on '${server}' must stand at ${wanted.lastValue}, got ${found?.lastValue ?? 'no such sequence'}; look for somebody else who uses it`,
  );
}

function chunks<Item>(items: readonly Item[], size = AT_ONCE): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
