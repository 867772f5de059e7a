import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { PontoonError, type Step, sql } from '../postgres';
import type { ReconcileClients } from './reconcile-request';
import { run, runAtEnd } from './run';
import { withoutStatementLog } from './statement-log';

/** Runs `steps` in order; neighbours that may share a transaction do. */
export async function runSteps(clients: ReconcileClients, steps: readonly Step[]): Promise<void> {
  const secret = steps.some(({ statement }) => statement.text !== statement.redacted);
  if (!secret) return await runGroups(clients, steps);
  await withoutStatementLog(clients.client, async () => await runGroups(clients, steps));
}

async function runGroups(clients: ReconcileClients, steps: readonly Step[]): Promise<void> {
  for (const group of groupSteps(steps)) {
    if (group[0]?.alone === true) for (const step of group) await runAlone(clients, step);
    else await runTogether(clients.client, group);
  }
}

function groupSteps(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last !== undefined && last[0]?.alone === step.alone) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

async function runTogether(client: ClientBase, steps: readonly Step[]): Promise<void> {
  await run(client, sql('BEGIN'));
  try {
    for (const step of steps) await run(client, step.statement, step.title);
    await run(client, sql('COMMIT'));
  } catch (error) {
    // A session that is gone has rolled back by itself.
    await runAtEnd(client, sql('ROLLBACK')).catch(() => undefined);
    throw error;
  }
}

async function runAlone({ client, primary }: ReconcileClients, step: Step): Promise<void> {
  if (!step.needsStandbySnapshot) {
    await run(client, step.statement, step.title);
    return;
  }
  if (primary === undefined) {
    throw new PontoonError(
      'NO_PRIMARY',
      `cannot ${step.title}: 'primary' must be given for a standby, got nothing; add the connection to its primary`,
    );
  }
  await pulsing(primary, () => run(client, step.statement, step.title));
}

/** Has the primary log its running transactions while `work` goes on: a new slot on a standby waits for that. */
async function pulsing(primary: ClientBase, work: () => Promise<unknown>): Promise<void> {
  // Before anything waits: whoever may not do this must hear it, and not wait for the slot in vain.
  await pulse(primary);
  let working = true;
  const done = work().finally(() => {
    working = false;
  });
  const pulses = (async () => {
    while (working) {
      await Promise.race([done.catch(() => undefined), delay(PULSE_MS, undefined, { ref: false })]);
      if (working) await pulse(primary);
    }
  })();
  await Promise.all([done, pulses]);
}

async function pulse(primary: ClientBase): Promise<void> {
  await run(
    primary,
    sql('SELECT pg_catalog.pg_log_standby_snapshot()'),
    'log the running transactions on the primary',
  );
}

const PULSE_MS = 500;
