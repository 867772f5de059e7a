import { type CutoverInput, type JournalEntry, PontoonError, rollbackOf } from '../postgres';
import { dropLeft, type FenceWatch, isOverdue, liftExpired, withFence } from '../runner';
import type { Arguments } from './arguments';
import { withServices } from './cutover-services';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import type { Option } from './option';
import { anySecrets } from './secrets';
import { UsageError } from './usage-error';

/** The name of the option without dashes. */
export const LIFT = 'lift-expired';

/** The option by which a timer frees whom a walk that died left locked out. */
export const LIFT_OPTIONS: Readonly<Record<string, Option>> = {
  [LIFT]: {
    description:
      'lift what walks that died left standing past its deadline, or made ready before a fence, and end',
  },
};

/** What `pontoon cutover` does with its walks, and not with the fences that they left. */
const OTHERS = ['compare', 'dry-run', 'yes', 'owner', 'take-over', 'budget'] as const;

/** The end of a look at the fence on one server. */
interface Look {
  readonly server: string;
  readonly state: 'none' | 'in time' | 'open' | 'lifted' | 'taken back' | 'failed' | 'unchecked';
  /** Who made the fence. */
  readonly owner?: string;
  readonly error?: PontoonError;
}

/** Lifts what walks that died left standing past its deadline, in both directions, and says how it ended. */
export async function liftCommand(
  input: CutoverInput,
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const back = rollbackOf(input.plan);
  const looks = [await look(input, 'cutover', io)];
  if (back !== undefined) looks.push(await look({ ...input, plan: back }, 'rollback', io));
  const { migration } = input.plan;
  if (options.flag('json'))
    writeJson(io.stdout, {
      migration,
      fences: looks.map(({ error, ...rest }) => ({
        ...rest,
        ...(error === undefined ? {} : { code: error.code }),
      })),
    });
  for (const { server, state, owner, error } of looks) {
    if (state === 'lifted' && !options.flag('json'))
      writeLine(
        io.stdout,
        `'${server}' is open again: the fence of '${migration}', by '${owner ?? ''}', was lifted, since its deadline had passed`,
      );
    if (state === 'taken back' && !options.flag('json'))
      writeLine(
        io.stdout,
        `'${server}' keeps nothing any more for a walk of '${migration}' that was cut off: what it had made ready was taken back`,
      );
    if (error !== undefined) writeLine(io.stderr, `pontoon: ${error.message}`);
  }
  const states = looks.map(({ state }) => state);
  if (states.includes('failed')) return ExitCode.FAILED;
  return states.includes('unchecked') ? ExitCode.UNCHECKED : ExitCode.FINE;
}

/** Refuses what belongs to a walk. Throws a UsageError. */
export function requireLiftAlone(options: Arguments): void {
  const given = OTHERS.filter((name) => options.flag(name)).map((name) => `'--${name}'`);
  if (given.length === 0) return;
  throw new UsageError(
    `'--${LIFT}' must be given without options of a walk, got ${given.join(', ')}; run it by itself, and see 'pontoon cutover --help'`,
  );
}

/** One server that does not answer keeps the other one from nothing. */
async function look(input: CutoverInput, walk: 'cutover' | 'rollback', io: Io): Promise<Look> {
  const server = input.plan.from;
  const secrets = anySecrets(io);
  try {
    return await withFence(input, secrets, (found) => Promise.resolve(found)).then(
      (found) => settle(input, walk, found, io),
      (error: unknown) => ended(server, 'unchecked', error),
    );
  } catch (error) {
    return ended(server, 'failed', error);
  }
}

async function settle(
  input: CutoverInput,
  walk: 'cutover' | 'rollback',
  found: JournalEntry | undefined,
  io: Io,
): Promise<Look> {
  const { from: server, to } = input.plan;
  const watch: FenceWatch = {
    secrets: anySecrets(io),
    log: (line) => writeLine(io.stderr, line),
    withServices: (reached, use) => withServices(reached, io, () => undefined, use),
  };
  if (found === undefined)
    return { server, state: (await dropLeft(input, watch)) ? 'taken back' : 'none' };
  const { owner } = found;
  if (!isOverdue(found)) return { server, state: found.opened ? 'open' : 'in time', owner };
  if (found.decided) {
    throw new PontoonError(
      'UNDECIDED',
      `the fence on '${server}', by '${owner}', cannot be lifted once it was decided to open '${to}', got no opening before its deadline; run the ${walk} again, which opens '${to}'`,
    );
  }
  const lifted = await liftExpired(input, watch);
  // Whoever walked has lifted it meanwhile.
  return lifted ? { server, state: 'lifted', owner } : { server, state: 'none' };
}

function ended(server: string, state: 'failed' | 'unchecked', error: unknown): Look {
  if (error instanceof PontoonError) return { server, state, error };
  throw error;
}
