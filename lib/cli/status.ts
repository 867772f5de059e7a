import { CutoverPhase, type CutoverPlan, type Gate } from '../postgres';
import { formatBytes } from '../rehearsal';
import { type CutoverStatus, type PathStatus, status, type WayStatus } from '../runner';
import type { Command } from './command';
import { gatesExitCode } from './cutover-dry-run';
import { cutoverDescription, INPUT_OPTIONS, readCutover } from './cutover-input';
import { milliseconds } from './cutover-progress';
import { withServices } from './cutover-services';
import { ExitCode } from './exit-code';
import { writeJson, writeLine } from './io';
import { nextCommands } from './what-next';

/** Says how far a migration is. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'say how far a migration is, and whether a cutover would succeed',
  usage: '[OPTIONS] [--file FILE | --state-machine ARN | < cutover.json]',
  description: [
    'Looks at the servers and at the endpoint, and changes nothing: the phase, who may be written to,',
    'where clients are sent, fences with their owners and deadlines, both ways with their lag, and gates.',
    '',
    ...cutoverDescription('status'),
  ],
  options: {
    ...INPUT_OPTIONS,
    ways: { description: 'look at the ways only, and at no gate' },
    'print-input': { description: 'print the cutover as JSON, such as for --file, and end' },
  },
  exitCodes: {
    [ExitCode.FINE]: 'a cutover may begin, or has been walked, or the migration is finalized',
    [ExitCode.FAILED]:
      'a gate is closed, a server cannot be reached, or nothing of the migration is there',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood',
    [ExitCode.UNCHECKED]: 'a gate could not be read, and none is closed',
  },
  async run(options, io) {
    const input = await readCutover('status', options, io);
    if (options.flag('print-input')) {
      writeJson(io.stdout, input);
      return ExitCode.FINE;
    }
    const found = await withServices(
      input,
      io,
      () => undefined,
      (services) => status({ plan: input.plan, waysOnly: options.flag('ways') }, services),
    );
    if (options.flag('json')) writeJson(io.stdout, { migration: input.plan.migration, ...found });
    else for (const line of linesOf(input.plan, found)) writeLine(io.stdout, line);
    return found.phase === CutoverPhase.ABSENT ? ExitCode.FAILED : gatesExitCode(found.gates);
  },
};

function linesOf(plan: CutoverPlan, found: CutoverStatus): string[] {
  const { migration } = plan;
  const rows: (readonly [string, string])[] = [
    ['migration', migration],
    ['phase', found.phase],
    ['writer', writerText(found)],
    ['clients', found.active === undefined ? 'switched by somebody else' : `at ${found.active}`],
    ...found.fenced.flatMap((fence) => [
      ['fence', fenceText(plan, fence, found.writer)] as const,
      ...fence.past.map((who) => ['', `PAST IT: ${who}, ${NEVER_TRAVELS}`] as const),
    ]),
    ['walking', found.walking ?? 'nobody'],
    ...wayRows('forward', found.forward),
    ...(found.reverse === undefined
      ? [['way back', 'none, as was declared'] as const]
      : wayRows('way back', found.reverse)),
    ...stalledRows(plan, found),
    ...nextRows(plan, found),
    ...found.gates.map((gate) => ['gate', gateText(gate)] as const),
  ];
  return rows.map(([name, text]) => `${name.padEnd(11)}${text}`);
}

function writerText({ phase, writer }: CutoverStatus): string {
  if (writer !== undefined) return writer;
  return phase === CutoverPhase.FINALIZED || phase === CutoverPhase.ABSENT
    ? 'whoever lets applications in: nothing of the migration is left that says so'
    : 'none: applications cannot write';
}

/** What to do about the migration, where neither a fence nor a gate says it. */
function nextRows(
  plan: CutoverPlan,
  { phase, writer, fenced }: CutoverStatus,
): (readonly [string, string])[] {
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
  { server, owner, remainingMs, decided }: CutoverStatus['fenced'][number],
  writer: string | undefined,
): string {
  const [walk, undone] =
    server === from ? ['cutover', 'rolled back or finalized'] : ['rollback', ROLLED_BACK];
  const opened = writer !== undefined;
  const end = decided
    ? opened
      ? `stays until it is ${undone}`
      : `decided, but cut off before the opening: run the ${walk} again, which opens`
    : remainingMs > 0
      ? `${milliseconds(remainingMs)} until its deadline`
      : `its deadline has passed: run the ${walk} again, which lifts it`;
  return `on ${server}, by ${owner}, ${end}`;
}

const ROLLED_BACK = 'cut over again, or finalized with --back';

/** What to do about the way on which the old writer is to follow, if nobody reads it. */
function stalledRows(
  { from, to }: CutoverPlan,
  { phase, writer, forward, reverse }: CutoverStatus,
): (readonly [string, string])[] {
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
function wayRows(name: string, way: WayStatus): (readonly [string, string])[] {
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
