import { CutoverPhase, type CutoverPlan, type Gate } from '../postgres';
import { formatBytes } from '../rehearsal';
import type { CutoverStatus, PathStatus, WayStatus } from '../runner';
import { milliseconds } from './cutover-progress';
import { nextCommands } from './what-next';

/** A row: what it is about, which is empty where the row before goes on, and what is known of it. */
export type StatusRow = readonly [string, string];

/** `rows` as people read them. */
export function linesOf(rows: readonly StatusRow[]): readonly string[] {
  return rows.map(([name, text]) => `${name.padEnd(11)}${text}`);
}

/** What there is to say of a migration. */
export function statusRows(plan: CutoverPlan, found: CutoverStatus): readonly StatusRow[] {
  return [
    ['migration', plan.migration],
    ['phase', found.phase],
    ['writer', writerText(found)],
    ['clients', clientsText(plan, found)],
    ...fenceRows(plan, found),
    ...leftRows(found),
    ['walking', found.walking ?? 'nobody'],
    ...wayRows('forward', found.forward),
    ...(found.reverse === undefined
      ? [['way back', 'none, as was declared'] as const]
      : wayRows('way back', found.reverse)),
    ...stalledRows(plan, found),
    ...nextRows(plan, found),
    ...gateRows(found.gates),
  ];
}

/** The fences that stand, and who gets past them. */
export function fenceRows(
  plan: CutoverPlan,
  { fenced }: Pick<CutoverStatus, 'fenced'>,
): readonly StatusRow[] {
  return fenced.flatMap((fence) => [
    ['fence', fenceText(plan, fence)] as const,
    ...fence.past.map((who) => ['', `PAST IT: ${who}, ${NEVER_TRAVELS}`] as const),
  ]);
}

/** What walks left that were cut off: before a fence, or behind an opening that another one followed the other way. */
export function leftRows({ left }: Pick<CutoverStatus, 'left'>): readonly StatusRow[] {
  return left.map(({ server, slot }) => [
    'left',
    `slot ${slot} on ${server} keeps WAL for a walk that was cut off: pontoon cutover --lift-expired takes it back, and moves no writer`,
  ]);
}

/** What must hold before a cutover. */
export function gateRows(gates: readonly Gate[]): readonly StatusRow[] {
  return gates.map((gate) => ['gate', gateText(gate)]);
}

function writerText({ phase, writer }: CutoverStatus): string {
  if (writer !== undefined) return writer;
  return phase === CutoverPhase.FINALIZED || phase === CutoverPhase.ABSENT
    ? 'whoever lets applications in: nothing of the migration is left that says so'
    : 'none: applications cannot write';
}

function clientsText({ to }: CutoverPlan, found: CutoverStatus): string {
  const { active, writer } = found;
  if (active === undefined) return 'switched by somebody else';
  if (!areLockedOut(found)) return `at ${active}`;
  const walk = writer === to ? 'cutover' : 'rollback';
  return `at ${active}, which is closed: run pontoon ${walk} again, which sends them to ${String(writer)}`;
}

/** Whether clients are led to a server that a fence keeps them out of, while another one waits for them. */
export function areLockedOut({ active, writer, fenced, walking }: CutoverStatus): boolean {
  return (
    walking === undefined &&
    writer !== undefined &&
    writer !== active &&
    fenced.some(({ server }) => server === active)
  );
}

/** What to do about the migration, where neither a fence nor a gate says it. */
function nextRows(
  plan: CutoverPlan,
  { phase, writer, fenced }: CutoverStatus,
): readonly StatusRow[] {
  if (phase === CutoverPhase.OPEN && writer !== undefined)
    return [['next', nextCommands(writer === plan.to ? 'cutover' : 'rollback', plan.reverse)]];
  if (phase === CutoverPhase.ABSENT)
    return [['next', 'deploy the migration, or correct its slots and subscriptions in the plan']];
  if (phase !== CutoverPhase.FINALIZED) return [];
  return fenced.length === 0
    ? [['next', 'nothing: the migration has ended']]
    : [['next', 'the same pontoon finalize again, which was cut off']];
}

/** A server keeps about as much for itself. */
const KEPT = 64 * 1024 * 1024;

const NEVER_TRAVELS =
  'and what is written there never travels: keep them out, and compare the rows before anything is finalized';

function fenceText(
  { from }: CutoverPlan,
  { server, owner, remainingMs, decided, opened }: CutoverStatus['fenced'][number],
): string {
  const [walk, undone] =
    server === from ? ['cutover', 'rolled back or finalized'] : ['rollback', ROLLED_BACK];
  const end = decided
    ? opened
      ? `stays until it is ${undone}`
      : `decided, but cut off before the opening: run the ${walk} again, which opens`
    : remainingMs > 0
      ? `${milliseconds(remainingMs)} until its deadline`
      : 'its deadline has passed: pontoon cutover --lift-expired lifts it, whatever else answers';
  return `on ${server}, by ${owner}, ${end}`;
}

const ROLLED_BACK = 'cut over again, or finalized with --back';

/** What to do about the way on which the old writer is to follow, if nobody reads it. */
function stalledRows(
  { from, to }: CutoverPlan,
  { phase, writer, forward, reverse }: CutoverStatus,
): readonly StatusRow[] {
  if (phase !== CutoverPhase.OPEN) return [];
  const [way, follower, walk] =
    writer === to ? [reverse, from, 'cutover'] : [forward, to, 'rollback'];
  if (!isStalled(way)) return [];
  return [
    [
      '',
      `'${follower}' does not read from '${writer}', whose slot keeps WAL: if the password was rotated, run pontoon ${walk} again, which logs in anew and moves no writer; otherwise look at the log of '${follower}'`,
    ],
  ];
}

function isStalled(way: WayStatus | undefined): boolean {
  return (way?.parts ?? (way === undefined ? [] : [way])).some(({ state }) => state === 'stalled');
}

/** A line for the way, or one for each of its parts. */
export function wayRows(name: string, way: WayStatus): readonly StatusRow[] {
  const paths = way.parts ?? [way];
  return paths.map((path) => {
    const of = way.parts === undefined ? '' : `, ${path.part ?? 'the rest'}`;
    return [name, `${pathText(path)}${of}`] as const;
  });
}

function pathText({ state, lagBytes, keptBytes = 0 }: PathStatus): string {
  if (lagBytes === undefined) return state;
  const kept = keptBytes < KEPT ? '' : `, slots keep ${formatBytes(keptBytes)}`;
  return `${state}, ${formatBytes(lagBytes)} behind${kept}`;
}

function gateText({ title, status: state, found, wayOut }: Gate): string {
  return state === 'open'
    ? `open: ${title}`
    : `${state.toUpperCase()}: ${title}, got ${found}; ${wayOut}`;
}
