import { setTimeout as delay } from 'node:timers/promises';
import { logRunningTransactions, type Statement } from '../../postgres';
import type { CutoverContext } from './context';

const PULSE_MS = 20;

/** Where a slot is made, and whose changes it is to see. */
export interface SlotPlace {
  /** The server that has the slot: the writer, or a standby of it. */
  readonly decoder: string;
  readonly writer: string;
}

/** Makes a slot by `statement`, as soon as every transaction has ended that has written anywhere on the writer. */
export async function makeSlot(
  context: CutoverContext,
  { decoder, writer }: SlotPlace,
  statement: Statement,
  title: string,
): Promise<void> {
  const made = context.run(decoder, statement, title);
  if (decoder === writer) {
    await made;
    return;
  }
  // A slot on a standby waits until its primary logs the running transactions.
  let waiting = true;
  const ended = made.finally(() => {
    waiting = false;
  });
  const pulse = async (): Promise<void> => {
    while (waiting) {
      await context.run(writer, logRunningTransactions());
      await Promise.race([ended, delay(PULSE_MS)]);
    }
  };
  // Whichever fails first is told, and what the other one comes to then has a listener too.
  await Promise.all([ended, pulse()]);
}
