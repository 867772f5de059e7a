import type { ClientBase } from 'pg';
import { openEndpoint } from '../endpoints';
import { withCutoverServices } from '../handler';
import { type CutoverInput, PGLOGICAL_SUBSCRIPTIONS } from '../postgres';
import type { CutoverEvent, CutoverServices } from '../runner';
import { type Io, writeLine } from './io';
import { anySecrets } from './secrets';

/** How long AWS DMS may take to stop or to resume a task. */
const TASK_MS = 900_000;

/** Opens everything that `input` names, gives it to `use`, and closes it, however `use` ends. */
export async function withServices<Result>(
  input: CutoverInput,
  io: Io,
  onEvent: (event: CutoverEvent) => void,
  use: (services: CutoverServices) => Promise<Result>,
): Promise<Result> {
  const ends = performance.now() + TASK_MS;
  return await withCutoverServices(
    input,
    {
      secrets: anySecrets(io),
      openEndpoint,
      context: {
        remainingMs: () => ends - performance.now(),
        log: (line) => writeLine(io.stderr, line),
      },
      onEvent,
    },
    (services) => use({ ...services, pglogical: PGLOGICAL_SUBSCRIPTIONS }),
  );
}

/** `services` whose sessions ask `before` each statement whether it may be run. */
export function guardedServices(services: CutoverServices, before: () => void): CutoverServices {
  const sessions = new Map<string, ClientBase>();
  const guard = (server: string): void => {
    const session = services.sessions.get(server);
    if (session !== undefined) sessions.set(server, guarded(session, before));
  };
  for (const server of services.sessions.keys()) guard(server);
  const { reopen } = services;
  if (reopen === undefined) return { ...services, sessions };
  const guardAnew = async (server: string): Promise<void> => {
    await reopen(server);
    guard(server);
  };
  return { ...services, sessions, reopen: guardAnew };
}

function guarded(session: ClientBase, before: () => void): ClientBase {
  return new Proxy(session, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        if (key === 'query') before();
        return Reflect.apply(value, target, given);
      };
    },
  });
}
