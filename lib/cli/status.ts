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
    [ExitCode.FINE]: 'a cutover may begin, or has been walked',
    [ExitCode.FAILED]: 'a gate is closed, or a server cannot be reached',
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
    return gatesExitCode(found.gates);
  },
};

function linesOf(plan: CutoverPlan, found: CutoverStatus): string[] {
  const { migration } = plan;
  const stalled = found.phase === CutoverPhase.OPEN && isStalled(found.reverse);
  const rows: (readonly [string, string])[] = [
    ['migration', migration],
    ['phase', found.phase],
    ['writer', found.writer ?? 'none: applications cannot write'],
    ['clients', found.active === undefined ? 'switched by somebody else' : `at ${found.active}`],
    ...found.fenced.flatMap((fence) => [
      ['fence', fenceText(fence, found.writer)] as const,
      ...fence.past.map((who) => ['', `PAST IT: ${who}, ${NEVER_TRAVELS}`] as const),
    ]),
    ['walking', found.walking ?? 'nobody'],
    ...wayRows('forward', found.forward),
    ...(found.reverse === undefined
      ? [['way back', 'none, as was declared'] as const]
      : wayRows('way back', found.reverse)),
    ...(stalled ? [['', stalledText(plan)] as const] : []),
    ...found.gates.map((gate) => ['gate', gateText(gate)] as const),
  ];
  return rows.map(([name, text]) => `${name.padEnd(11)}${text}`);
}

/** A server keeps about as much for itself. */
const KEPT = 64 * 1024 * 1024;

const NEVER_TRAVELS =
  'and what is written there never travels: keep them out, and compare the rows before anything is finalized';

function fenceText(
  { server, owner, remainingMs, decided }: CutoverStatus['fenced'][number],
  writer: string | undefined,
): string {
  const opened = writer !== undefined;
  const end = decided
    ? opened
      ? 'stays until it is rolled back or finalized'
      : 'decided, but cut off before the opening: run the cutover again, which opens'
    : remainingMs > 0
      ? `${milliseconds(remainingMs)} until its deadline`
      : 'its deadline has passed: run the cutover again, which lifts it';
  return `on ${server}, by ${owner}, ${end}`;
}

function isStalled(way: WayStatus | undefined): boolean {
  return (way?.parts ?? (way === undefined ? [] : [way])).some(({ state }) => state === 'stalled');
}

/** What to do about a way back that is to carry, and that nobody reads. */
function stalledText({ from, to }: CutoverPlan): string {
  return `'${from}' does not read from '${to}', whose slot keeps WAL: if the password was rotated, run pontoon cutover again, which logs in anew and moves no writer; otherwise look at the log of '${from}'`;
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
