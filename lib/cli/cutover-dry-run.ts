import type { CutoverInput, Gate } from '../postgres';
import { type DryRun, dryRun, type PlannedAction } from '../runner';
import type { Arguments } from './arguments';
import { ownerOf } from './cutover-input';
import { withServices } from './cutover-services';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';

/** Prints what a walk would do, and changes nothing. The exit code is that of the gates. */
export async function dryRunCommand(
  input: CutoverInput,
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const request = { plan: input.plan, owner: ownerOf(options) };
  const found = await withServices(
    input,
    io,
    () => undefined,
    (services) => dryRun(request, services),
  );
  if (options.flag('json')) writeJson(io.stdout, found);
  else for (const line of linesOf(found)) writeLine(io.stdout, line);
  return gatesExitCode(found.gates);
}

/** How a command ends that has looked at `gates`. */
export function gatesExitCode(gates: readonly Gate[]): ExitCode {
  if (gates.some(({ status }) => status === 'closed')) return ExitCode.FAILED;
  return gates.every(({ status }) => status === 'open') ? ExitCode.FINE : ExitCode.UNCHECKED;
}

/** A script of which every line could be read by psql, with what is no SQL as comments. */
function linesOf({ actions, gates, stopped }: DryRun): string[] {
  const shut = gates.filter(({ status }) => status !== 'open');
  const lines = [
    `-- ${gates.length - shut.length} of ${gates.length} gates are open; nothing was changed`,
    ...shut.map(({ title, status, found }) => `-- ${status}: ${title}, got ${found}`),
  ];
  let [step, where] = ['', ''];
  for (const action of actions) {
    if (action.step.id !== step) {
      lines.push('', `-- ${action.step.id}: ${action.step.title}`);
      [step, where] = [action.step.id, ''];
    }
    if (action.where !== where) lines.push(`-- at ${action.where}`);
    where = action.where;
    lines.push(lineOf(action));
  }
  if (stopped !== undefined)
    lines.push(
      '',
      ...`what follows is not known, for ${stopped}`.split('\n').map((line) => `-- ${line}`),
    );
  return lines;
}

function lineOf({ where, what, values }: PlannedAction): string {
  if (where === 'endpoint' || where === 'task') return `-- ${what}`;
  const given = values.map((value, index) => `$${index + 1} = ${JSON.stringify(value)}`);
  return `${what};${given.length === 0 ? '' : ` -- ${given.join(', ')}`}`;
}
