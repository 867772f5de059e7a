import { bytesOf, type ChangedTable } from '../../postgres';
import type { CutoverContext } from './context';

/** What may be read in a millisecond behind the fence, also by a busy server; a table costs as much as this besides. */
const BYTES_A_MS = 10_000;
const BYTES_FOR_EACH = 50_000;
/** Each of all tables costs as much as this to look at, whether it has changed. */
const BYTES_FOR_LOOK = 500;

/** Whether `changed`, of so many tables, is so small that it should be compared within 'verificationMs'. */
export async function fitsBehindFence(
  context: CutoverContext,
  changed: readonly ChangedTable[],
  of: number,
): Promise<boolean> {
  const { from, limits } = context.plan;
  const size = await context.runOne(from, bytesOf(changed.map(({ table }) => table)));
  const bytes = Number(size?.bytes) + changed.length * BYTES_FOR_EACH + of * BYTES_FOR_LOOK;
  return bytes <= limits.verificationMs * BYTES_A_MS;
}
