import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { CutoverPlan } from '../../../lib/postgres';
import { type CutoverServices, type SwitchedEndpoint, waitUntil } from '../../../lib/runner';

/** What a walk works with, and how it ends. */
export interface LabServices extends CutoverServices {
  readonly sessions: ReadonlyMap<string, Client>;
  readonly endpoint: SwitchedEndpoint;
  reopen(server: string): Promise<void>;
  /** Ends the sessions in order. */
  close(): Promise<void>;
  /** Breaks the sessions, as the death of the runner's machine would. */
  kill(): void;
}

/** Servers between which writers are switched. */
export interface WalkedLab {
  /** Where clients are sent. */
  readonly active: string;
  /** The cutover from where writers are at first. */
  plan(limits?: object): CutoverPlan;
  /** What a walk works with; its sessions are its own. */
  services(): Promise<LabServices>;
  /** Waits until a reader is back at every slot that is to be read. */
  followed(): Promise<void>;
}

/** What {@link openServices} needs to know of a lab. */
export interface ServicesOptions
  extends Pick<CutoverServices, 'secrets' | 'task' | 'pglogical' | 'connections'> {
  readonly lab: { active: string };
  readonly servers: readonly string[];
  readonly session: (server: string, more: ClientConfig) => Promise<Client>;
}

/** Opens a session on each of `servers`. */
export async function openServices({
  lab,
  servers,
  session,
  ...rest
}: ServicesOptions): Promise<LabServices> {
  const sessions = new Map<string, Client>();
  const sockets: Socket[] = [];
  const stream = (): Socket => {
    const socket = new Socket();
    sockets.push(socket);
    return socket;
  };
  const reopen = async (server: string): Promise<void> => {
    sessions.set(server, await session(server, { stream }));
  };
  for (const server of servers) await reopen(server);
  return {
    ...rest,
    sessions,
    reopen,
    endpoint: {
      active: async () => lab.active,
      activate: async (server) => {
        lab.active = server;
      },
    },
    close: async () => {
      await Promise.all([...sessions.values()].map((one) => one.end()));
    },
    kill: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Waits until every slot of `writer` is read that an enabled subscription of `reader` is to read. A runner that was killed
 * while it tried the way back leaves one enabled whose slot is yet to be made.
 */
export async function untilFollowed(reader: Client, writer: Client): Promise<void> {
  await waitUntil({
    what: 'every slot must be read that is to be',
    deadlineMs: 60_000,
    intervalMs: 10,
    probe: async () => {
      const wanted = await reader.query(
        'SELECT array_agg(subslotname::text) AS slots FROM pg_subscription WHERE subenabled',
      );
      const { rows } = await writer.query(
        'SELECT slot_name FROM pg_replication_slots WHERE slot_name::text = ANY ($1) AND NOT active',
        [wanted.rows[0].slots ?? []],
      );
      return rows.length === 0
        ? { done: true, value: undefined }
        : { done: false, reason: `nobody reads ${rows[0].slot_name}` };
    },
  });
}

/** Waits until both servers have noticed that a runner which was killed is gone. */
export async function untilAlone({ blue, green }: Writers): Promise<void> {
  await waitUntil({
    what: 'the runner that was killed must be gone',
    deadlineMs: 60_000,
    intervalMs: 10,
    probe: async () => {
      for (const { admin, name } of [blue, green]) {
        const { rowCount } = await admin.query(
          `SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted`,
        );
        if (rowCount !== 0) return { done: false, reason: `it holds a lock on ${name}` };
      }
      return { done: true, value: undefined };
    },
  });
}

interface Writers {
  readonly blue: { readonly name: string; readonly admin: Client };
  readonly green: { readonly name: string; readonly admin: Client };
}
