import {
  type ArchiveState,
  archiveState,
  LinkKind,
  type LogReader,
  linksFrom,
  logReaders,
  memberSlot,
  slotNameOf,
  sql,
  unwaiting,
} from '../../postgres';
import { messageOf } from '../message-of';
import { type Probe, waitUntil } from '../wait';
import type { PromotionContext } from './context';

const ARCHIVE_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/** Who reads the log of the old primary and does not follow `to`, since a promotion re-points standbys it knows. */
export async function remarksOnReaders(context: PromotionContext, to: string): Promise<string[]> {
  const there = await readersOf(context, to);
  const isThere = ({ name }: LogReader): boolean => there.some((reader) => reader.name === name);
  const { from } = context.input;
  if (!context.sessions.has(from)) return await remarksOnUnseen(context, to, there);
  const left = (await readersOf(context, from)).filter((reader) => !isThere(reader));
  return [
    ...logicalRemarks(context, to, namesOf(left, 'logical')),
    ...physicalRemarks(context, to, left),
  ];
}

/** Of a primary that is gone, only what the topology says is known. */
async function remarksOnUnseen(
  context: PromotionContext,
  to: string,
  there: readonly LogReader[],
): Promise<string[]> {
  const { topology, from } = context.input;
  const slots = linksFrom(topology, context.members[0] ?? from).flatMap((link) =>
    link.kind === LinkKind.PHYSICAL ? [] : [slotNameOf(topology, link)],
  );
  const known = slots.filter((slot) => !there.some(({ name }) => name === slot));
  if (known.length > 0) return logicalRemarks(context, to, known);
  const row = await context.runOne(to, sql(`SELECT current_setting('wal_level') AS level`));
  if (row?.level !== 'logical') return [];
  const kept = namesOf(there, 'logical');
  return [
    `logical slots that '${from}' may have had are not on '${to}'${kept.length === 0 ? '' : `, but for ${quoted(kept)}`}: what read from them has to be set up anew, and its data compared`,
  ];
}

function logicalRemarks(
  { input: { from } }: PromotionContext,
  to: string,
  slots: readonly string[],
): string[] {
  if (slots.length === 0) return [];
  return [
    `logical slots of '${from}' are not on '${to}', got ${quoted(slots)}: what reads from them stays with the old primary, and has to be set up anew, and its data compared`,
  ];
}

function physicalRemarks(
  { input: { from, topology }, members }: PromotionContext,
  to: string,
  left: readonly LogReader[],
): string[] {
  const ours = members.flatMap((member) => [member, memberSlot(topology, member)]);
  const others = [...namesOf(left, 'physical'), ...namesOf(left, 'stream')].filter(
    (name) => !ours.includes(name),
  );
  if (others.length === 0) return [];
  return [
    `others than the cluster's servers stream from '${from}', got ${quoted(others)}: point them to '${to}' yourself, with slots of their own`,
  ];
}

/** Whose commits the quorum did not cover, since they did not wait for it. */
export async function remarksOnUnwaiting(context: PromotionContext, to: string): Promise<string[]> {
  const rows = await context.run(to, unwaiting());
  if (rows.length === 0) return [];
  return [
    `commits of ${rows.map(({ who }) => String(who)).join(', ')} waited for no standby, by their synchronous_commit: the last of them may be lost`,
  ];
}

/** Whether `to` can keep its log, as far as it has tried by now: an archive may be lost with the region of a primary. */
export async function archiveRemarks(context: PromotionContext, to: string): Promise<string[]> {
  const probe = async (): Promise<Probe<ArchiveState>> => {
    const state = (await context.runOne(to, archiveState())) as unknown as ArchiveState;
    const known = !state.archives || state.works || state.fails;
    return known ? { done: true, value: state } : { done: false, reason: 'nothing yet' };
  };
  const wait = { what: `'${to}' must have kept some of its log`, deadlineMs: ARCHIVE_MS };
  const state = await waitUntil({ ...wait, intervalMs: LOOK_AGAIN_MS, probe }).catch((error) =>
    context.note(messageOf(error)),
  );
  if (state !== undefined && (state.works || !state.archives)) return [];
  return [
    `'${to}' ${state === undefined ? 'has neither kept any of its log in its archive yet nor failed to' : 'cannot keep its log in its archive'}: if that is lost with '${context.input.from}', the log that waits for it fills the disk of '${to}', so give it another one; see pg_stat_archiver, and section 2 of the runbook`,
  ];
}

async function readersOf(context: PromotionContext, server: string): Promise<readonly LogReader[]> {
  return (await context.run(server, logReaders())) as unknown as readonly LogReader[];
}

function namesOf(readers: readonly LogReader[], kind: LogReader['kind']): string[] {
  return readers.filter((reader) => reader.kind === kind).map(({ name }) => name);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
