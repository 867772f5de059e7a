import type { CutoverInput, CutoverPlan, PontoonError } from '../postgres';
import { type FenceWatch, type PartialStatus, partialStatus } from '../runner';
import type { Arguments } from './arguments';
import { gatesExitCode } from './cutover-dry-run';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import { anySecrets } from './secrets';
import { fenceRows, gateRows, leftRows, linesOf, type StatusRow, wayRows } from './status-rows';

/** Opens everything that an input names, gives it away, and closes it. */
export type WithServices = FenceWatch['withServices'];

/** What the whole status failed with, and how to read a part of it. */
interface Part {
  readonly failure: PontoonError;
  readonly withAll: WithServices;
}

/** Shows what can be read where something does not answer: that keeps nobody from seeing a fence. */
export async function partialStatusCommand(
  input: CutoverInput,
  options: Arguments,
  io: Io,
  { failure, withAll }: Part,
): Promise<ExitCode> {
  const { plan } = input;
  const secrets = anySecrets(io);
  const found = await partialStatus(input, { secrets, withServices: withAll });
  // Everything answers by now, or it is nothing that does not answer.
  if (found.unreadable.length === 0) throw failure;
  const gates = options.flag('ways') ? [] : found.gates;
  if (options.flag('json')) writeJson(io.stdout, { migration: plan.migration, ...found, gates });
  else
    for (const line of linesOf(partialRows(plan, { ...found, gates }))) writeLine(io.stdout, line);
  const code = gatesExitCode(gates);
  return code === ExitCode.FINE ? ExitCode.UNCHECKED : code;
}

function partialRows(plan: CutoverPlan, found: PartialStatus): readonly StatusRow[] {
  const { active, walking, forward, reverse } = found;
  return [
    ['migration', plan.migration],
    ...found.unreadable.map((what) => ['UNREADABLE', what] as const),
    ...(active === undefined ? [] : [['clients', `at ${active}`] as const]),
    ...fenceRows(plan, found),
    ...leftRows(found),
    ...(walking === undefined ? [] : [['walking', walking] as const]),
    ...(forward === undefined ? [] : wayRows('forward', forward)),
    ...(reverse === undefined ? [] : wayRows('way back', reverse)),
    ...gateRows(found.gates),
  ];
}
