import { openEndpoint } from '../../endpoints';
import type { CutoverInput, SecretStore } from '../../postgres';
import { type CutoverEvent, type CutoverServices, withSessions } from '../../runner';
import { clockOf } from '../dms-replication';
import type { ResourceContext } from '../resource';
import { cutoverTask } from './task';

const POLL_MS = 500;

/** What a walk is given besides its input. */
export interface CutoverSurroundings {
  readonly secrets: SecretStore;
  /** How long may be waited for services, and where to say so. */
  readonly context: ResourceContext;
  readonly onEvent: (event: CutoverEvent) => void;
}

/** Opens everything that `input` names, gives it to `use`, and closes it, however `use` ends. */
export async function withCutoverServices<Result>(
  { plan, connections, endpoint, taskArn }: CutoverInput,
  { secrets, context, onEvent }: CutoverSurroundings,
  use: (services: CutoverServices) => Promise<Result>,
): Promise<Result> {
  const purpose = `cutover ${plan.migration}`;
  return await withSessions(
    connections,
    secrets,
    purpose,
    async (sessions) =>
      await use({
        sessions,
        secrets,
        connections,
        onEvent,
        ...(endpoint === undefined ? {} : { endpoint: openEndpoint(endpoint) }),
        ...(taskArn === undefined ? {} : { task: cutoverTask(taskArn, clockOf(context, POLL_MS)) }),
      }),
  );
}
