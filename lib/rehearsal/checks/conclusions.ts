import { serverOf } from '../../postgres';
import type { RehearsalContext } from '../context';
import type { Server } from '../servers';
import { compare } from './compare';
import { leftoversOn } from './leftovers';
import { type ScannedText, scanForSecrets } from './secret-scan';

/** Compares every row of source and target. What is not the same is a problem, and so is what could not be compared. */
export async function concludeRows(
  { chain, migration, findings }: RehearsalContext,
  source: Server,
  target: Server,
): Promise<void> {
  findings.verification.push(
    ...(await compare({
      source,
      target,
      sourceDatabase: serverOf(migration.topology, chain.source).database,
      targetDatabase: serverOf(migration.topology, chain.target).database,
      selection: chain.selection,
    })),
  );
  if (findings.verification.length === 0)
    findings.problems.push('no table was compared; check the selection');
  for (const { table, status, reason = 'no reason was given' } of findings.verification) {
    if (status === 'differs') findings.problems.push(`${table} differs: ${reason}`);
    if (status === 'unchecked') findings.problems.push(`${table} could not be compared: ${reason}`);
  }
}

/** A server on which something may be left, its database, and the roles that were there before the deployment. */
export interface Place {
  readonly server: Server;
  readonly database: string;
  readonly rolesBefore: readonly string[];
}

/** Looks on servers that still run for what the deletion of the stack should have taken away. */
export async function concludeLeftovers(
  { findings }: RehearsalContext,
  places: readonly Place[],
): Promise<void> {
  for (const { server, database, rolesBefore } of places) {
    if (server.pid !== undefined)
      findings.leftovers.push(...(await leftoversOn(server, database, rolesBefore)));
  }
}

/** Looks for every secret that was used in everything that was written. */
export async function concludeSecrets(
  { findings, migration, signal }: RehearsalContext,
  secrets: readonly string[],
  texts: readonly ScannedText[],
): Promise<void> {
  // The logs are gone; the report claims no scan.
  if (signal?.aborted === true) return;
  const template = {
    place: `template of ${migration.stack.stackName}`,
    text: JSON.stringify(migration.stack.template),
  };
  findings.secretScan = await scanForSecrets(secrets, {
    texts: [...texts, template],
    files: findings.servers.map(({ name, server }) => ({
      place: `log of ${name}`,
      path: server.logFile,
    })),
  });
  for (const place of findings.secretScan.found)
    findings.problems.push(`a secret is written in the ${place}`);
}
