import type { Client } from 'pg';
import { type CutoverPlan, PontoonError, rollbackOf } from '../../lib/postgres';
import {
  type CutoverEvent,
  type CutoverRequest,
  type CutoverServices,
  cutover,
  verifyRows,
  waitUntil,
} from '../../lib/runner';
import type { CutoverLab, Side } from '../runner/cutover/lab';
import type { LabServices, WalkedLab } from '../runner/cutover/lab-services';
import { contradictions, type JournalWriter, untilWritten } from '../runner/cutover/writer';

/** Who runs the walks. */
export const OWNER = 'test';

/** A moment in a walk. */
export interface Moment {
  readonly step: string;
  readonly edge: 'before' | 'after';
}

/** Whether `event` is `moment`. */
export function isMoment(event: CutoverEvent, { step, edge }: Moment): boolean {
  if (event.kind !== 'step' && event.kind !== 'done') return false;
  return event.step.id === step && event.kind === (edge === 'before' ? 'step' : 'done');
}

/** Walks, and does `what` at `moment`. */
export async function walkWith(
  lab: WalkedLab,
  plan: CutoverPlan,
  moment: Moment,
  what: (services: LabServices) => Promise<unknown>,
  more: Partial<CutoverServices> = {},
): Promise<unknown> {
  const services = await lab.services();
  const onEvent = async (event: CutoverEvent) => {
    if (isMoment(event, moment)) await what(services);
  };
  return await cutover({ plan, owner: OWNER }, { ...services, onEvent, ...more }).finally(() =>
    services.close(),
  );
}

/** Has every row compared that `plan` asks for; what was, counts until its stream breaks. */
export async function compare(lab: WalkedLab, plan: CutoverPlan): Promise<void> {
  if (plan.skipVerification === true) return;
  await lab.followed();
  const found = await alone(lab, (services) => verifyRows({ plan, owner: OWNER }, services));
  expect(found).toMatchObject({ differs: [], unchecked: [], left: 0 });
}

/** Walks until `moment`, and no further: the runner is gone as if its machine were. */
export async function killedAt(lab: WalkedLab, plan: CutoverPlan, moment: Moment): Promise<void> {
  await killedWhen(lab, plan, (services, die) => ({
    ...services,
    onEvent: async (event) => {
      if (isMoment(event, moment)) await die();
    },
  }));
}

/** Waits until no server knows of a walk any more, a moment after its runner has gone. */
export async function nobodyWalks(lab: CutoverLab): Promise<void> {
  for (const { admin } of [lab.blue, lab.green])
    await waitUntil({
      what: 'the earlier runner must be gone',
      deadlineMs: 60_000,
      intervalMs: 5,
      probe: async () => {
        const { rows } = await admin.query(`SELECT pid FROM pg_locks WHERE locktype = 'advisory'`);
        return rows.length === 0
          ? { done: true, value: undefined }
          : { done: false, reason: JSON.stringify(rows) };
      },
    });
}

/** Walks until `die` is called, which kills the runner and never returns. True if the walk ended before. */
export async function killedWhen(
  lab: WalkedLab,
  plan: CutoverPlan,
  services: (services: LabServices, die: () => Promise<never>) => CutoverServices,
  walkOf: (request: CutoverRequest, services: CutoverServices) => Promise<unknown> = cutover,
): Promise<boolean> {
  await lab.followed();
  const own = await lab.services();
  let tell = (): void => undefined;
  let alive = true;
  const death = new Promise<false>((resolve) => {
    tell = () => resolve(false);
  });
  const die = async (): Promise<never> => {
    alive = false;
    own.kill();
    tell();
    return await never();
  };
  // What waits with a deadline would wake up after the death.
  const whileAlive = async (work: () => Promise<unknown>) => (alive ? await work() : await never());
  const walk = walkOf({ plan, owner: OWNER }, services(watched(own, whileAlive), die));
  const ended = await Promise.race([walk.then(() => true), death]);
  own.kill();
  if (!ended && own.connections !== undefined) await alone(lab, endComparison);
  return ended;
}

/** The process that the runner was a part of lives on, and with it the sessions that it opened by itself. */
async function endComparison({ sessions }: LabServices): Promise<void> {
  for (const session of sessions.values())
    await session.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pontoon verify'`,
    );
}

async function never(): Promise<never> {
  return await new Promise<never>(() => undefined);
}

/** Runs the walk again, as an operator does, until the new writer is open. Returns the codes of what failed before. */
export async function goOn(lab: WalkedLab, plan: CutoverPlan): Promise<readonly string[]> {
  const codes: string[] = [];
  for (;;) {
    const code = await walkOnce(lab, plan);
    if (code === undefined) return codes;
    codes.push(code);
    if (codes.length > 3) throw new Error(`no end of ${codes.join(', ')}`);
  }
}

async function walkOnce(lab: WalkedLab, plan: CutoverPlan): Promise<string | undefined> {
  try {
    await lab.followed();
    await alone(lab, (services) => cutover({ plan, owner: OWNER }, services));
    return undefined;
  } catch (error) {
    if (error instanceof PontoonError && error.code === 'UNDONE') return error.message;
    throw error;
  }
}

/** Does `work` as soon as the servers have noticed that an earlier runner is gone. */
export async function alone<Result>(
  lab: WalkedLab,
  work: (services: LabServices) => Promise<Result>,
): Promise<Result> {
  return await waitUntil({
    what: 'the earlier runner must be gone',
    deadlineMs: 60_000,
    intervalMs: 5,
    probe: async () => {
      const services = await lab.services();
      try {
        return { done: true, value: await work(services) };
      } catch (error) {
        if (!(error instanceof PontoonError) || error.code !== 'HELD') throw error;
        return { done: false, reason: error.message };
      } finally {
        await services.close();
      }
    },
  });
}

/** The same migration in the other direction. */
export function back(plan: CutoverPlan): CutoverPlan {
  const other = rollbackOf(plan);
  if (other === undefined) throw new Error('the plan has a way back');
  return other;
}

/** The plan from the present writer to the other one. */
export function onwards(lab: WalkedLab, limits = {}): CutoverPlan {
  const plan = lab.plan(limits);
  return lab.active === plan.from ? plan : back(plan);
}

/** Applications write where they are sent, and both servers have what was acknowledged, each write once. */
export async function expectWhole(
  lab: CutoverLab,
  writers: readonly JournalWriter[],
): Promise<void> {
  await untilWritten(writers);
  const current = await lab.current.superuser();
  const found = await contradictions(current, writers).finally(() => current.end());
  expect(found).toEqual([]);
}

/** Stops the writers, and waits until both servers are the same, by whichever way carries. */
export async function expectSame(
  lab: CutoverLab,
  writers: readonly JournalWriter[],
): Promise<void> {
  await Promise.all(writers.map((writer) => writer.stop()));
  const [one, other] = await Promise.all([lab.blue.superuser(), lab.green.superuser()]);
  await waitUntil({
    what: 'both servers must have the same rows',
    deadlineMs: 60_000,
    probe: async () => {
      const [here, there] = [await fingerprint(one), await fingerprint(other)];
      return here === there
        ? { done: true, value: undefined }
        : { done: false, reason: `${here} and ${there}` };
    },
  });
  expect(await contradictions(one, writers)).toEqual([]);
  await Promise.all([one.end(), other.end()]);
}

/** How a walk that fails says so: its code and whole message. */
export async function failureOf(walk: Promise<unknown>): Promise<string> {
  return await walk.then(
    () => 'nothing failed',
    (error: Error) =>
      error instanceof PontoonError ? `${error.code}: ${error.message}` : String(error),
  );
}

/** Runs `text` as a superuser. */
export async function asSuperuser(
  side: Side,
  text: string,
): Promise<readonly Record<string, unknown>[]> {
  const client = await side.superuser();
  return await client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

async function fingerprint(client: Client): Promise<string> {
  const { rows } = await client.query(
    `SELECT (SELECT concat(count(*), ' orders ', coalesce(sum(hashtextextended(o::text, 0)), 0)) FROM shop.orders o) || ', ' ||
            (SELECT concat(count(*), ' counters ', coalesce(sum(hashtextextended(c::text, 0)), 0)) FROM shop.counters c) AS text`,
  );
  return String(rows[0].text);
}

/** `services` of which every statement, with its text, and every word to the endpoint passes through `ask`. */
export function watched(
  services: LabServices,
  ask: (work: () => Promise<unknown>, text?: string) => Promise<unknown>,
): LabServices {
  const { endpoint } = services;
  const sessions = new Map<string, Client>();
  const watch = (server: string, session: Client): void => {
    const seen = new Proxy(session, {
      get: (target, key) =>
        key === 'query'
          ? (...args: unknown[]) =>
              ask(() => Reflect.apply(target.query, target, args), textOf(args[0]))
          : Reflect.get(target, key),
    });
    sessions.set(server, seen);
  };
  for (const [server, session] of services.sessions) watch(server, session);
  return {
    ...services,
    sessions,
    reopen: async (server) => {
      await ask(() => services.reopen(server));
      const session = services.sessions.get(server);
      if (session !== undefined) watch(server, session);
    },
    endpoint: {
      active: async () => String(await ask(() => endpoint.active())),
      activate: async (server) => void (await ask(() => endpoint.activate(server))),
    },
  };
}

function textOf(asked: unknown): string {
  return typeof asked === 'object' && asked !== null && 'text' in asked
    ? String(asked.text)
    : String(asked);
}
