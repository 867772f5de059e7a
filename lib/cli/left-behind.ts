import { type CutoverInput, type JournalEntry, PontoonError } from '../postgres';
import { NEVER_COMES_BACK, withFence } from '../runner';
import { milliseconds } from './cutover-progress';
import type { Io } from './io';
import { anySecrets } from './secrets';

/** Why no walk began, of which nothing but the servers says whether an earlier one left a fence. */
const NOT_BEGUN: readonly string[] = ['CONNECT_FAILED', 'SECRET_UNAVAILABLE'];

/**
 * `error` with what an earlier walk left behind: who cannot reach one server must know whether another is closed, and
 * how it is opened.
 */
export async function withLeftBehind(
  error: unknown,
  input: CutoverInput,
  io: Io,
): Promise<unknown> {
  if (!(error instanceof PontoonError) || !NOT_BEGUN.includes(error.code)) return error;
  const found = await withFence(input, anySecrets(io), (entry) => Promise.resolve(entry)).catch(
    // The fenced server does not answer either, which is what was said.
    () => undefined,
  );
  if (found === undefined || found.lifted || found.opened) return error;
  return new PontoonError(error.code, `${error.message}; ${leftText(found)}`, { cause: error });
}

function leftText({ from, to, owner, decided, expired, remainingMs }: JournalEntry): string {
  const fence = `'${from}' is still fenced by '${owner}'`;
  if (decided)
    return `${fence}, and '${to}' was to be opened and may be open: run the same again as soon as it answers; ${NEVER_COMES_BACK}`;
  const lift = "'pontoon cutover --lift-expired' opens it, whatever else answers";
  return expired
    ? `${fence}, whose deadline has passed: ${lift}`
    : `${fence}: run the same again as soon as all servers answer; from its deadline on, in ${milliseconds(remainingMs)}, ${lift}`;
}
