import { describeLoss, lsnDistance, parsePromotion } from '../../../postgres';
import { promote, waitUntil } from '../../../runner';
import { WRITE_AGAIN_MS } from '../../acts/switch-writers';
import type { CommonContext } from '../../context';
import type { Applications } from '../../workload/applications';
import type { Cluster } from './cluster';
import { flush, positionOf } from './log';

/** How often applications write at least before the primary is killed, and after the promotion. */
const WRITES_AROUND = 200;

/** A primary that is to be lost while applications write to it. */
export interface LostPrimary {
  readonly context: CommonContext;
  readonly cluster: Cluster;
  readonly primary: string;
  readonly applications: Applications;
}

/** How far the applications were at one moment. */
interface Reached {
  readonly acknowledged: number;
  readonly position: string;
}

/**
 * Kills the primary and promotes another server, as an operator would who finds it dead, and knows from a metric how far
 * it was. Tells `onWriter` who takes writes, and returns the new primary with how many acknowledged writes may be behind
 * the point where the new timeline began.
 */
export async function promoteLost(
  act: LostPrimary,
  onWriter: (server: string | undefined) => void,
): Promise<{ readonly to: string; readonly losable: number }> {
  const { cluster, primary, context, applications } = act;
  const { findings, recorder } = context;
  const server = cluster.server(primary);
  const atFirst = await reached(act);
  await untilWritten(applications, applications.acknowledged + WRITES_AROUND);
  const atLast = await reached(act);
  const before = applications.outages.length;
  const began = performance.now();
  await applications.crash({ name: primary, port: server.port }, () => server.kill());
  const acknowledged = applications.acknowledged;
  onWriter(undefined);
  recorder.progress(`'${primary}' was killed`);
  const steps: { name: string; atMs: number }[] = [];
  const outcome = await promote(
    { input: parsePromotion(cluster.promotion(atLast.position)), declareLost: true },
    {
      secrets: cluster.logins,
      onEvent: (event) => {
        if (event.kind === 'note') return recorder.note(event.text);
        steps.push({ name: event.id, atMs: performance.now() });
        recorder.progress(event.id);
      },
    },
  );
  const ended = performance.now();
  for (const remark of outcome.remarks) recorder.note(remark);
  const { to, following, openedMs = 0 } = outcome;
  onWriter(to);
  const kept = [atLast, atFirst].find(
    ({ position }) => lsnDistance(position, outcome.forkedAt) >= 0n,
  );
  await applications.untilWriting({ server: to, deadlineMs: WRITE_AGAIN_MS });
  await untilWritten(applications, applications.acknowledged + WRITES_AROUND);
  const [outage] = applications.outages.slice(before);
  findings.switches.push({
    name: 'promote',
    title: 'Promote',
    to,
    closedMs: Math.round(openedMs),
    compared: { tables: 0, of: 0 },
    states: steps.map(({ name, atMs }, index) => ({
      name,
      ms: Math.round((steps[index + 1]?.atMs ?? ended) - atMs),
    })),
    loss: describeLoss(outcome.loss, primary),
    atSeconds: Math.round(recorder.now() * 1000 - (performance.now() - began)) / 1000,
    ...(outage === undefined
      ? {}
      : { medianMs: Math.round(outage.medianMs), longestMs: Math.round(outage.longestMs) }),
  });
  const late = cluster.othersOf(to).filter((name) => name !== primary && !following.includes(name));
  for (const name of late) findings.problems.push(`'${name}' does not follow '${to}'`);
  return { to, losable: acknowledged - (kept?.acknowledged ?? 0) };
}

/** What was acknowledged, and a position of the log before which all of it is. */
async function reached({ cluster, primary, applications }: LostPrimary): Promise<Reached> {
  const { acknowledged } = applications;
  const server = cluster.server(primary);
  await flush(server);
  return { acknowledged, position: await positionOf(server) };
}

async function untilWritten(applications: Applications, count: number): Promise<void> {
  await waitUntil({
    what: `applications must have written ${count} times`,
    wayOut: 'look at the logs of the servers',
    deadlineMs: WRITE_AGAIN_MS,
    probe: async () =>
      applications.acknowledged >= count
        ? { done: true, value: undefined }
        : { done: false, reason: String(applications.acknowledged) },
  });
}
