import { createInterface } from 'node:readline';
import { PontoonError } from '../postgres';
import { type Io, writeLine } from './io';

/**
 * Shows what will happen, and waits until somebody types `word`.
 *
 * @throws PontoonError with code DECLINED for anything else.
 */
export async function confirm(io: Io, lines: readonly string[], word: string): Promise<void> {
  for (const line of lines) writeLine(io.stderr, line);
  const answer = await ask(io, `Type ${word} to go on: `);
  if (answer.trim() === word) return;
  throw new PontoonError('DECLINED', 'nothing was done, since nobody agreed to it');
}

/** The line that is typed; empty if the input ends before. */
async function ask(io: Io, question: string): Promise<string> {
  // As a terminal it would swallow Ctrl-C.
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  lines.setPrompt(question);
  lines.prompt();
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
  lines.close();
  return answer;
}
