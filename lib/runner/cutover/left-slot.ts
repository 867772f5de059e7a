import { holdsAnything, quietSlotExists, quietSlotName, whoWalks } from '../../postgres';
import { Ledger } from '../ledger';
import type { CutoverContext } from './context';

/**
 * The slot on `server` that watches a fence, although none stands there and nobody walks: it keeps WAL for a walk that was
 * cut off before its fence, or behind an opening that was not settled before another walk opened the other way. Between two
 * steps of a state machine nobody walks either.
 */
export async function leftSlot(
  context: CutoverContext,
  server: string,
): Promise<string | undefined> {
  const { migration } = context.plan;
  if ((await context.journal(server)) !== undefined) return undefined;
  const slot = quietSlotName(migration);
  if ((await context.runOne(server, quietSlotExists(slot)))?.exists !== true) return undefined;
  return (await context.runOne(server, whoWalks(migration))) === undefined ? slot : undefined;
}

/** As a list, with where it is. */
export async function leftSlots(
  context: CutoverContext,
  server: string,
): Promise<readonly { readonly server: string; readonly slot: string }[]> {
  const slot = await leftSlot(context, server);
  return slot === undefined ? [] : [{ server, slot }];
}

/** Whether anything is held although no fence stands: by a walk that was cut off before it had its slot. */
export async function isLeftHeld(context: CutoverContext): Promise<boolean> {
  const { from, to, migration } = context.plan;
  let held = false;
  for (const server of [from, to]) {
    if ((await context.journal(server)) !== undefined) return false;
    if ((await context.runOne(server, whoWalks(migration))) !== undefined) return false;
    if (!(await new Ledger(context.session(server), server).exists())) continue;
    held ||= (await context.runOne(server, holdsAnything(migration)))?.held === true;
  }
  return held;
}
