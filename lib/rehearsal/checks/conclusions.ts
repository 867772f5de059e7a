import { serverOf } from '../../postgres';
import type { CommonContext, RehearsalContext } from '../context';
import type { Server } from '../servers';
import { compare } from './compare';
import { leftoversOn } from './leftovers';
import { type ScannedText, scanForSecrets, type Unsearched } from './secret-scan';

/** Compares every row of source and target. What is not the same is a problem; what could not be compared is unchecked. */
export async function concludeRows(
  { chain, rehearsed, findings }: RehearsalContext,
  source: Server,
  target: Server,
): Promise<void> {
  findings.verification.push(
    ...(await compare({
      source,
      target,
      sourceDatabase: serverOf(rehearsed.topology, chain.source).database,
      targetDatabase: serverOf(rehearsed.topology, chain.target).database,
      selection: chain.selection,
    })),
  );
  if (findings.verification.length === 0)
    findings.problems.push('no table was compared; check the selection');
  for (const { table, status, reason = 'no reason was given' } of findings.verification) {
    if (status === 'differs') findings.problems.push(`${table} differs: ${reason}`);
    if (status === 'unchecked')
      findings.unchecked.push(`${table} could not be compared: ${reason}`);
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
  { findings }: CommonContext,
  places: readonly Place[],
): Promise<void> {
  for (const { server, database, rolesBefore } of places) {
    if (server.pid !== undefined)
      findings.leftovers.push(...(await leftoversOn(server, database, rolesBefore)));
  }
}

/** Looks for every secret that was used in everything that was written. */
export async function concludeSecrets(
  { findings, signal }: CommonContext,
  servers: readonly { readonly name: string; readonly server: Server }[],
  seen: readonly (ScannedText | Unsearched)[],
): Promise<void> {
  const texts = seen.filter(isText);
  const notSearched = seen.flatMap((one) => (isText(one) ? [] : [one]));
  const logs = servers.map(({ name, server }) => ({
    place: `log of ${name}`,
    path: server.logFile,
  }));
  // With the servers, their logs are gone too.
  const gone = signal?.aborted === true;
  if (gone) {
    const reason = 'the rehearsal was interrupted, and cleared away';
    notSearched.push(...logs.map(({ place }) => ({ place, reason, failed: true })));
  }
  const scan = await scanForSecrets(findings.secrets, { texts, files: gone ? [] : logs });
  findings.secretScan = {
    ...scan,
    notSearched: notSearched.map(({ place, reason }) => ({ place, reason })),
  };
  for (const place of scan.found) findings.problems.push(`a secret is written in the ${place}`);
  for (const { place, reason, failed } of notSearched)
    if (failed)
      findings.unchecked.push(`the ${place} could not be searched for secrets: ${reason}`);
}

function isText(seen: ScannedText | Unsearched): seen is ScannedText {
  return 'text' in seen;
}
