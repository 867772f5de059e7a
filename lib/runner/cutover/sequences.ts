import {
  isAhead,
  PontoonError,
  type QualifiedName,
  quoteQualified,
  readSequences,
  type SequencePair,
  type SequencePosition,
  type SequenceState,
  sequencePosition,
  setSequences,
} from '../../postgres';
import type { CutoverContext } from './context';
import { type StraySequence, sequencesOf } from './target-names';

/** Sequences that one statement reads or sets. */
const AT_ONCE = 200;

/** Has every sequence of the new writer go on where the old one stopped, and reads back that it does. */
export async function carrySequences(context: CutoverContext): Promise<void> {
  const { from, limits } = context.plan;
  const { pairs, strays } = await sequencesOf(context);
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
  const moved = await carryStrays(context, strays.filter(isCarried));
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
 * Who uses these on the new writer is not known either, and so none is moved back there. Says how many were moved.
 */
async function carryStrays(
  context: CutoverContext,
  strays: readonly StraySequence[],
): Promise<number> {
  const { from, to, limits } = context.plan;
  const names = new Map(
    strays.map((stray) => [quoteQualified(stray.from), stray.to ?? stray.from]),
  );
  const stand = await statesOf(
    context,
    from,
    strays.map((stray) => stray.from),
  );
  const there = byName(await statesOf(context, to, [...names.values()]));
  const ahead = stand.flatMap((state) => {
    const { schema, name } = names.get(quoteQualified(state)) ?? state;
    const position = { ...sequencePosition(state, limits.sequenceMargin), schema, name };
    const found = there.get(quoteQualified(position));
    return found !== undefined && isAhead(position, found) ? [position] : [];
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

async function statesOf(
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

function chunks<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) =>
    items.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );
}
