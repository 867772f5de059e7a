import { logEnd, type ReplicationPath, slotLag } from '../../postgres';
import type { Row } from '../run';
import type { CutoverContext } from './context';

/** How far the slot of `path` lies behind its writer, also where a standby decodes. Undefined if it is gone. */
export async function lagOf(
  context: CutoverContext,
  path: ReplicationPath,
): Promise<Row | undefined> {
  const writer = writerOf(context, path);
  const end = await context.runOne(writer, logEnd());
  return await context.runOne(path.decoder, slotLag(path.slotName, String(end?.lsn)));
}

/** The server whose changes `path` carries. */
export function writerOf(context: CutoverContext, path: ReplicationPath): string {
  const { from, to } = context.plan;
  return context.receiver(path) === to ? from : to;
}
