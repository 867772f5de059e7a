import type { EndpointOpener } from '../../endpoints';
import type { CutoverInput, CutoverPlan, SecretStore } from '../../postgres';
import { type CutoverEvent, type CutoverServices, withSessions } from '../../runner';
import { clockOf } from '../dms-replication';
import type { ResourceContext } from '../resource';
import { cutoverTask } from './task';

const POLL_MS = 500;

/** What a walk is given besides its input. */
export interface CutoverSurroundings {
  readonly secrets: SecretStore;
  readonly openEndpoint: EndpointOpener;
  /** How long may be waited for services, and where to say so. */
  readonly context: ResourceContext;
  readonly onEvent: (event: CutoverEvent) => void;
}

/** The least seconds that a service is given; what is asked for behind a fence also ends with its budget. */
const LEAST_PATIENCE = 60;

function patience({ limits }: CutoverPlan): number {
  return Math.max(LEAST_PATIENCE, limits.budgetMs / 1000);
}

/** Opens everything that `input` names, gives it to `use`, and closes it, however `use` ends. */
export async function withCutoverServices<Result>(
  { plan, connections, endpoint, taskArn }: CutoverInput,
  { secrets, openEndpoint, context, onEvent }: CutoverSurroundings,
  use: (services: CutoverServices) => Promise<Result>,
): Promise<Result> {
  const purpose = `cutover ${plan.migration}`;
  return await withSessions(
    connections,
    secrets,
    { purpose },
    async (sessions, reopen) =>
      await use({
        sessions,
        reopen,
        secrets,
        connections,
        onEvent,
        ...(endpoint === undefined
          ? {}
          : { endpoint: openEndpoint(endpoint, { timeoutSeconds: patience(plan) }) }),
        ...(taskArn === undefined ? {} : { task: cutoverTask(taskArn, clockOf(context, POLL_MS)) }),
      }),
  );
}
