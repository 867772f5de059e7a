import { CUTOVER_LIMITS, rollbackOf } from '../../lib/postgres';
import { cutover, type RowsVerified, run, verifyRows, waitUntil } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import {
  contradictions,
  JournalWriter,
  untilWritten,
  waitsForDisk,
} from '../runner/cutover/writer';
import { type OutageBench, summary } from './outage-summary';

const RUNS = 10;
const CLIENTS = 10;
const PACE_MS = 20;
/** As a connection pool does; a refused login costs a server more than a write. */
const RETRY_MS = 25;
const SETTLE_WRITES = 50;
/** So many that the final comparison does not begin with them. */
const CUSTOMERS = 500_000;
/** So many that it may end in time, for which it takes all the time that it may. */
const FEWER_CUSTOMERS = 150_000;

/**
 * Cutovers there and back by turns under 500 writes a second, as they are unless told otherwise: all rows are compared
 * before the fence, and what the time suffices for again behind it. Beside them the article's sequence of statements,
 * which compares none.
 */
export async function benchOutage(): Promise<readonly OutageBench[]> {
  return [
    await ours('pontoon, there and back', CUSTOMERS),
    await ours('the same, all time taken for comparing', FEWER_CUSTOMERS),
    await theArticles(),
  ];
}

async function ours(name: string, customers: number): Promise<OutageBench> {
  const lab = await startLab(customers);
  const writers = startWriters(lab);
  const each: number[] = [];
  const behindFence: string[] = [];
  const begun = performance.now();
  try {
    let plan = lab.plan(CUTOVER_LIMITS);
    await untilWritten(writers, SETTLE_WRITES);
    const rate = rateOf(writers, begun);
    for (let one = 0; one < RUNS; one += 1) {
      const request = { plan, owner: 'bench' };
      const services = await lab.services();
      try {
        requireSame(await verifyRows(request, services));
        for (const writer of writers) writer.takeLongestGap();
        const { compared } = await cutover(request, services);
        behindFence.push(`${compared.tables} of ${compared.of}`);
      } finally {
        await services.close();
      }
      await untilWritten(writers, SETTLE_WRITES);
      each.push(longest(writers));
      const back = rollbackOf(plan);
      if (back === undefined) throw new Error('the plan must have a way back');
      plan = back;
    }
    const lost = await lostOn(lab, writers);
    return {
      ...summary(name, each, rate, lost.length),
      tablesComparedBehindFence: behindFence,
    };
  } finally {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
  }
}

/**
 * Each run needs servers of its own, since it leaves no way back. What it loses is what the old writer had not sent: the
 * article's question compares two positions of the new writer's own, which are equal whenever all has arrived that was
 * sent. A commit that did not wait for the disk is acknowledged up to 600 ms before anything may be sent of it.
 */
async function theArticles(): Promise<OutageBench> {
  const each: number[] = [];
  const lost: string[] = [];
  let rate = 0;
  for (let one = 0; one < RUNS; one += 1) {
    const lab = await startLab(CUSTOMERS);
    const writers = startWriters(lab);
    const begun = performance.now();
    try {
      await lab.green.admin.query('GRANT CONNECT ON DATABASE app TO PUBLIC');
      await untilWritten(writers, SETTLE_WRITES);
      rate = rateOf(writers, begun);
      for (const writer of writers) writer.takeLongestGap();
      await articleCutover(lab, writers);
      await untilWritten(writers, SETTLE_WRITES);
      each.push(longest(writers));
      lost.push(...(await lostOn(lab, writers)));
    } finally {
      await Promise.all(writers.map((writer) => writer.stop()));
      await lab.stop();
    }
  }
  const name = "the article's statements, applications paused for it";
  const lostUnflushed = lost.filter((key) => !waitsForDisk(Number.parseInt(key, 10))).length;
  return { ...summary(name, each, rate, lost.length), lostUnflushed };
}

/**
 * "Cutover to Target" of the article, in its order. Its applications pause when they are asked to, and have all ended
 * their last write before the lag is looked at, which is the best that its operator can wish for.
 */
async function articleCutover(lab: CutoverLab, writers: readonly JournalWriter[]): Promise<void> {
  const { green } = lab;
  for (const writer of writers) writer.hold(true);
  await waitUntil({
    what: 'every application must have paused',
    deadlineMs: 30_000,
    intervalMs: 1,
    probe: async () =>
      writers.some(({ busy }) => busy)
        ? { done: false, reason: 'one still writes' }
        : { done: true, value: undefined },
  });
  await waitUntil({
    what: 'the lag must be zero',
    deadlineMs: 30_000,
    intervalMs: 5,
    probe: async () => {
      const { rows } = await green.admin.query(
        `SELECT latest_end_lsn - received_lsn = 0 AS synced FROM pg_stat_subscription WHERE subname = 'forward'`,
      );
      return rows[0]?.synced === true
        ? { done: true, value: undefined }
        : { done: false, reason: 'not synced' };
    },
  });
  await green.admin.query(
    `SELECT setval('shop.orders_id_seq', (SELECT max(id) FROM shop.orders)), setval('shop.customers_id_seq', (SELECT coalesce(max(id), 1) FROM shop.customers))`,
  );
  await run(green.admin, {
    text: 'DROP SUBSCRIPTION forward',
    redacted: 'DROP SUBSCRIPTION forward',
  });
  lab.active = green.name;
  for (const writer of writers) writer.hold(false);
}

async function startLab(customers: number): Promise<CutoverLab> {
  const lab = await CutoverLab.start([17, 17], { compares: true });
  await lab.blue.admin.query(
    `INSERT INTO shop.customers (name) SELECT 'customer ' || n FROM generate_series(1, ${customers}) n`,
  );
  await waitUntil({
    what: 'the new writer must have every customer',
    deadlineMs: 120_000,
    probe: async () => {
      const { rows } = await lab.green.admin.query(
        'SELECT count(*)::int AS found FROM shop.customers',
      );
      return rows[0].found === customers
        ? { done: true, value: undefined }
        : { done: false, reason: `${rows[0].found} of ${customers}` };
    },
  });
  for (const side of [lab.blue, lab.green]) await side.admin.query('ANALYZE');
  return lab;
}

function requireSame({ differs, unchecked, left }: RowsVerified): void {
  if (differs.length + unchecked.length + left === 0) return;
  throw new Error(
    `every table must be the same, got ${JSON.stringify({ differs, unchecked, left })}`,
  );
}

function startWriters(lab: CutoverLab): readonly JournalWriter[] {
  return Array.from(
    { length: CLIENTS },
    (_, client) => new JournalWriter(client, () => lab.application(), PACE_MS, RETRY_MS),
  );
}

function longest(writers: readonly JournalWriter[]): number {
  return Math.max(...writers.map((writer) => writer.takeLongestGap()));
}

function rateOf(writers: readonly JournalWriter[], begun: number): number {
  const written = writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  return (written / (performance.now() - begun)) * 1000;
}

/** `<client>/<number>` of each acknowledged write that is not there. */
async function lostOn(lab: CutoverLab, writers: readonly JournalWriter[]): Promise<string[]> {
  const client = await lab.current.superuser();
  const found = await contradictions(client, writers).finally(() => client.end());
  return found.filter((each) => each.endsWith(' lost'));
}
