import type { CutoverInput } from '../postgres';
import { type RowsVerified, verifyRows } from '../runner';
import type { Arguments } from './arguments';
import { ownerOf } from './cutover-input';
import { withServices } from './cutover-services';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import { VerifyProgressLine } from './verify-progress';

/** Compares every selected table, and has the new writer remember the result, which a cutover asks for. */
export async function compareCommand(
  input: CutoverInput,
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const progress = new VerifyProgressLine(io.stderr);
  const request = { plan: input.plan, owner: ownerOf(options) };
  const found = await withServices(
    input,
    io,
    () => undefined,
    (services) => verifyRows(request, services, { onProgress: (how) => progress.show(how) }),
  ).finally(() => progress.clear());
  if (options.flag('json')) writeJson(io.stdout, found);
  else for (const line of linesOf(found)) writeLine(io.stdout, line);
  if (found.differs.length > 0) return ExitCode.FAILED;
  return found.unchecked.length + found.left > 0 ? ExitCode.UNCHECKED : ExitCode.FINE;
}

function linesOf({ same, differs, unchecked, left }: RowsVerified): string[] {
  return [
    ...differs.map((what) => `DIFFERS    ${what}`),
    ...unchecked.map((what) => `UNCHECKED  ${what}`),
    `${same} same, ${differs.length} differ, ${unchecked.length + left} unchecked`,
  ];
}
