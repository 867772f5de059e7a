import { Client } from 'pg';
import type { SynchronousStandbys } from '../../lib/postgres';
import { promote } from '../../lib/runner';
import { ClusterLab, DATABASE, PRIMARY } from '../runner/promotion/lab';

/** How long nobody could write after the primary of a cluster was killed, in milliseconds. */
export interface PromotionBench {
  readonly name: string;
  readonly runs: number;
  /** From the kill to the first write that the new primary acknowledged. */
  readonly medianMs: number;
  readonly worstMs: number;
  /** Acknowledged rows that the new primary did not have, over all runs. */
  readonly lost: number;
  readonly each: readonly number[];
}

const RUNS = 5;
const SETTLE_WRITES = 200;
const TRY_AGAIN_MS = 2;
const STANDBYS = ['replica1', 'replica2', 'replica3'];

/** Promotes in place of a killed primary, as soon as it is killed: what it takes an operator to notice is not in it. */
export async function benchPromotion(): Promise<readonly PromotionBench[]> {
  return [
    await several('1 + 3, asynchronous'),
    await several('1 + 3, a quorum of 1 of 3', { quorum: 1, standbys: STANDBYS }),
    await several('1 + 3, a quorum of 2 of 3', { quorum: 2, standbys: STANDBYS }),
  ];
}

async function several(name: string, synchronous?: SynchronousStandbys): Promise<PromotionBench> {
  const each: number[] = [];
  let lost = 0;
  for (let one = 0; one < RUNS; one += 1) {
    const found = await once(synchronous);
    each.push(found.ms);
    lost += found.lost;
  }
  const sorted = each.toSorted((a, b) => a - b);
  const [medianMs = 0, worstMs = 0] = [sorted[Math.floor(RUNS / 2)], sorted.at(-1)];
  return { name, runs: RUNS, medianMs, worstMs, lost, each };
}

async function once(
  synchronous: SynchronousStandbys | undefined,
): Promise<{ readonly ms: number; readonly lost: number }> {
  const quorum = synchronous === undefined ? {} : { synchronous };
  const lab = await ClusterLab.open({ major: 17, ...quorum });
  try {
    const writers = lab.write(() => PRIMARY);
    while (writers.acknowledged.length < SETTLE_WRITES) await pause();
    const clients = await Promise.all(STANDBYS.map((name) => session(lab, name)));
    const killed = performance.now();
    await lab.server(PRIMARY).kill();
    const first = Promise.any(clients.map((client, index) => untilWritten(client, index)));
    const { to } = await promote({ input: lab.input(), declareLost: true }, lab);
    const ms = Math.round((await first) - killed);
    await writers.stop();
    const there = new Set(await lab.rows(to));
    return { ms, lost: writers.acknowledged.filter(({ id }) => !there.has(id)).length };
  } finally {
    await lab.close();
  }
}

/** As an application connects, and before the kill, as a pool would have. */
async function session(lab: ClusterLab, name: string): Promise<Client> {
  const config = lab.server(name).connectionConfig(DATABASE, { user: 'app', password: 'app' });
  const client = new Client(config);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Writes again and again until it is acknowledged; never, on a server that stays a standby. */
async function untilWritten(client: Client, index: number): Promise<number> {
  for (;;) {
    try {
      await client.query('INSERT INTO t VALUES ($1, 99)', [-1 - index]);
      return performance.now();
    } catch (error) {
      const readOnly = error instanceof Error && error.message.includes('read-only transaction');
      if (!readOnly) throw error;
      await pause();
    }
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
}
