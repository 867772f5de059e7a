import type { ClientBase } from 'pg';
import { PontoonError, sql, type Statement, type Step } from '../postgres';
import type { ReconcileClients } from './reconcile';
import { run } from './run';

/** Runs `steps` in order; neighbours that may share a transaction do. */
export async function runSteps(clients: ReconcileClients, steps: readonly Step[]): Promise<void> {
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
    for (const step of steps) await runQuietly(client, step);
    await run(client, sql('COMMIT'));
  } catch (error) {
    await run(client, sql('ROLLBACK'));
    throw error;
  }
}

async function runAlone({ client, primary }: ReconcileClients, step: Step): Promise<void> {
  if (!step.needsStandbySnapshot) {
    await runQuietly(client, step);
    return;
  }
  if (primary === undefined) {
    throw new PontoonError('NO_PRIMARY', `cannot ${step.title}: 'primary' must be given for a standby, got nothing; add the connection to its primary`);
  }
  await pulsing(primary, runQuietly(client, step));
}

/**
 * Runs a step whose statement carries a secret with the server's statement log closed: a server writes a statement
 * that fails, with everything in it, into its log. Only a superuser may close it; for others preflight checks that
 * the log does not record statements.
 */
async function runQuietly(client: ClientBase, step: Step): Promise<void> {
  if (step.statement.text === step.statement.redacted) {
    await run(client, step.statement, step.title);
    return;
  }
  const closed = await closeStatementLog(client);
  try {
    await run(client, step.statement, step.title);
  } finally {
    if (closed && !step.alone) await run(client, CLOSE_LOG_END_LOCAL);
    else if (closed) await run(client, OPEN_LOG);
  }
}
