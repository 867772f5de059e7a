import {
  type Connection,
  dropIdleSlots,
  keepLogFor,
  memberSlot,
  physicalSlot,
  quorumOf,
  receiverState,
  reloadSettings,
  repointConninfo,
  setForServer,
  settingIs,
  streamingNames,
  synchronousNames,
  type Topology,
} from '../../postgres';
import { messageOf } from '../message-of';
import { type Probe, waitUntil } from '../wait';
import type { Members, NotFollowing, PromotionContext } from './context';

const RELOAD_MS = 15_000;
const FOLLOW_MS = 60_000;
const LOOK_AGAIN_MS = 20;

/**
 * Has `to` keep its log for `others`, and wait for its quorum from the first commit on: set later, commits would be
 * acknowledged meanwhile that nobody else has.
 */
export async function prepare(
  context: PromotionContext,
  to: string,
  others: readonly string[],
): Promise<void> {
  const { topology } = context.input;
  for (const other of others) await provideSlot(context, to, memberSlot(topology, other));
  await setAndWait(context, to, primarySettings(topology, to));
}

/** What `to` has to be told to be the primary. */
export function primarySettings(topology: Topology, to: string): Readonly<Record<string, string>> {
  const quorum = quorumOf(topology, to);
  return quorum === undefined ? {} : { synchronous_standby_names: synchronousNames(quorum) };
}

/** What `server` has to be told to stream from the server at `connection`, instead of whom `conninfo` names. */
export function standbySettings(
  topology: Topology,
  server: string,
  { conninfo, connection: { host, port } }: Following,
): Readonly<Record<string, string>> {
  return {
    primary_conninfo: repointConninfo(conninfo, server, { host, port, applicationName: server }),
    primary_slot_name: memberSlot(topology, server),
  };
}

interface Following {
  readonly conninfo: string;
  readonly connection: Connection;
}

/** Has `server` stream from `to`, and waits until it has let go of whom it streamed from before. */
export async function repoint(
  context: PromotionContext,
  server: string,
  { to, members }: { readonly to: string; readonly members: Members },
): Promise<void> {
  const { topology, connections } = context.input;
  const connection = connections[to];
  const before = members.get(server);
  if (connection === undefined || before === undefined) return;
  const { host, port } = connection;
  const { conninfo } = before;
  const settings = standbySettings(topology, server, { conninfo, connection });
  await setAndWait(context, server, settings);
  await waitUntil({
    what: `'${server}' must let go of the server that it streamed from`,
    deadlineMs: RELOAD_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const receiver = await context.runOne(server, receiverState());
      if (receiver === undefined || (receiver.host === host && receiver.port === port))
        return { done: true, value: undefined };
      return { done: false, reason: `${String(receiver.host)}:${String(receiver.port)}` };
    },
  });
}

/** Has `server` stream from whom it streamed before. */
export async function pointBack(
  context: PromotionContext,
  server: string,
  members: Members,
): Promise<void> {
  const before = members.get(server);
  if (before === undefined) return;
  const { conninfo, slot } = before;
  await setAndWait(context, server, { primary_conninfo: conninfo, primary_slot_name: slot });
}

/** Waits until `others` stream from `to`, and says which do not. */
export async function untilFollowed(
  context: PromotionContext,
  to: string,
  others: readonly string[],
): Promise<readonly NotFollowing[]> {
  let missing = others;
  try {
    await waitUntil({
      what: `${others.map((name) => `'${name}'`).join(', ')} must stream from '${to}'`,
      deadlineMs: FOLLOW_MS,
      intervalMs: LOOK_AGAIN_MS,
      probe: async (): Promise<Probe<undefined>> => {
        const names = (await context.run(to, streamingNames())).map(({ name }) => String(name));
        missing = others.filter((other) => !names.includes(other));
        if (missing.length === 0) return { done: true, value: undefined };
        return { done: false, reason: names.join(', ') || 'nobody' };
      },
    });
    return [];
  } catch (error) {
    return missing.map((server) => ({ server, reason: messageOf(error), late: true }));
  }
}

/** Drops what `server` keeps for servers that stream from another one now: it would keep its log for ever. */
export async function forgetFollowers(context: PromotionContext, server: string): Promise<void> {
  const { input, members } = context;
  const slots = members.map((member) => memberSlot(input.topology, member));
  await context.run(server, dropIdleSlots(slots));
}

/** Has `to` keep its log for whoever streams by `slot`; false if it did already. */
export async function provideSlot(
  context: PromotionContext,
  to: string,
  slot: string,
): Promise<boolean> {
  const found = await context.runOne(to, physicalSlot(slot));
  if (found?.useless === true && found.active !== true) {
    await context.run(to, dropIdleSlots([slot]));
  } else if (found !== undefined) return false;
  await context.run(to, keepLogFor(slot));
  return true;
}

/** Has `server` keep no log for `slot` any more, once whoever streams by it has let go. */
export async function withdrawSlot(
  context: PromotionContext,
  server: string,
  slot: string,
): Promise<void> {
  await waitUntil({
    what: `'${server}' must keep no log for '${slot}' any more`,
    deadlineMs: RELOAD_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      await context.run(server, dropIdleSlots([slot]));
      return (await context.runOne(server, physicalSlot(slot))) === undefined
        ? { done: true, value: undefined }
        : { done: false, reason: 'a stream' };
    },
  });
}

async function setAndWait(
  context: PromotionContext,
  server: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(settings).length === 0) return;
  for (const [name, value] of Object.entries(settings))
    await context.run(server, setForServer(name, value));
  await context.run(server, reloadSettings());
  for (const [name, value] of Object.entries(settings)) {
    await waitUntil({
      what: `'${name}' on '${server}' must take effect`,
      wayOut: 'look whether its command line or a file that is read later sets it',
      deadlineMs: RELOAD_MS,
      intervalMs: LOOK_AGAIN_MS,
      probe: async (): Promise<Probe<undefined>> => {
        const row = await context.runOne(server, settingIs(name, value));
        return row?.is === true
          ? { done: true, value: undefined }
          : { done: false, reason: 'another value' };
      },
    });
  }
}
