import {
  listSequences,
  PontoonError,
  type QualifiedName,
  quoteQualified,
  readSequences,
  type SequencePosition,
  type SequenceState,
  sequencePosition,
  setSequences,
} from '../../postgres';
import type { CutoverContext } from './context';

/** Sequences that one statement reads or sets. */
const AT_ONCE = 200;

/** Has every sequence of the new writer go on where the old one stopped, and reads back that it does. */
export async function carrySequences(context: CutoverContext): Promise<void> {
  const { from, to, selection, limits } = context.plan;
  const listed = (await context.run(from, listSequences(selection))) as unknown as ListedSequence[];
  refuseUnreadable(listed, from);
  const states = await statesOf(context, from, listed);
  const positions = states.map((state) => sequencePosition(state, limits.sequenceMargin));
  for (const some of chunks(positions)) await context.run(to, setSequences(some));
  const there = new Map(
    (await statesOf(context, to, positions)).map((state) => [quoteQualified(state), state]),
  );
  for (const position of positions)
    checkPosition(position, there.get(quoteQualified(position)), to);
  await context.note(`${positions.length} sequences`);
}

interface ListedSequence extends QualifiedName {
  readonly readable: boolean;
}

function refuseUnreadable(listed: readonly ListedSequence[], server: string): void {
  const [first] = listed.filter(({ readable }) => !readable);
  if (first === undefined) return;
  throw new PontoonError(
    'UNREADABLE',
    `sequence ${quoteQualified(first)} on '${server}' must be readable, got no right to SELECT; grant it to the role of the runner`,
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
