import type { CutoverPlan } from '../../../lib/postgres';
import {
  type CutoverServices,
  connect,
  status,
  verifyRows,
  waitUntil,
  withSessions,
} from '../../../lib/runner';
import { watched } from '../../faults/walks';
import { CutoverLab, type LabServices } from './lab';

const ROWS = 250_000;
const IDLE_MS = 1_500;

let lab: CutoverLab;
let plan: CutoverPlan;
const opened: LabServices[] = [];
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17], { compares: true });
  plan = lab.plan();
  await verifyRows(request(), await servicesOf());
  await lab.blue.admin.query(
    `INSERT INTO shop.customers (name) SELECT 'customer ' || n FROM generate_series(1, ${ROWS}) n`,
  );
  await untilThere(ROWS);
});
afterEach(async () => {
  for (const services of opened.splice(0)) services.kill();
});
afterAll(() => lab.stop());
beforeEach(() => lab.green.admin.query('DELETE FROM pontoon.verification'));

const request = () => ({ plan, owner: 'test' });
const gate = async (services: CutoverServices): Promise<unknown> =>
  (await status(request(), services)).gates.find(({ id }) => id === 'rows');

test('sessions that idle while rows are compared are kept, so that the result is remembered', async () => {
  const { secrets } = await servicesOf();
  const options = { purpose: 'test comparison', idleTimeoutMs: IDLE_MS };
  await withSessions(lab.connections(), secrets, options, async (sessions, reopen) => {
    const services = { sessions, secrets, connections: lab.connections() };
    await reopen('green');
    const began = performance.now();
    expect(await verifyRows(request(), services, { load: 0.02 })).toMatchObject({ same: 3 });
    expect(performance.now() - began).toBeGreaterThan(IDLE_MS);
    expect(await gate(services)).toMatchObject({ status: 'open' });
  });
  await untilNone('pontoon test comparison');
});

test('a process that is stopped keeps no session, nor does any other keep an idle transaction', async () => {
  const { secrets } = await servicesOf();
  const options = { purpose: 'test stopped', idleTimeoutMs: IDLE_MS };
  const { blue } = lab.connections();
  await withSessions({ blue }, secrets, options, async (sessions) => {
    // As SIGSTOP does, it keeps every timer of this process from firing.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * IDLE_MS);
    await expect(sessions.get('blue')?.query('SELECT')).rejects.toThrow();
  });
  await withSessions({ blue }, secrets, options, async (sessions) => {
    await sessions.get('blue')?.query('BEGIN');
    await untilNone('pontoon test stopped');
  });
  const unasked = await connect(blue, secrets, options);
  await untilNone('pontoon test stopped');
  await unasked.end();
});

test('a comparison that is broken off goes on where it was, and opens no gate until it ends', async () => {
  const services = await servicesOf();
  const interrupted = new AbortController();
  const comparing = verifyRows(request(), services, {
    load: 0.02,
    signal: interrupted.signal,
    onProgress: ({ rows }) => {
      if (rows >= 100_000) interrupted.abort(new Error('Ctrl-C'));
    },
  });
  await expect(comparing).rejects.toThrow('Ctrl-C');
  const known = await rowsNoted();
  expect(known).toBeGreaterThanOrEqual(100_000);
  await expectGoesOn(services, known);
});

test('a comparison that is broken off before anything new was compared leaves what was noted as it was', async () => {
  const services = await servicesOf();
  const noted: string[] = [];
  const seen = watched(services, async (work, text = '') => {
    if (text.startsWith('UPDATE pontoon.verification')) noted.push(text);
    return await work();
  });
  const brokenOff = () =>
    verifyRows(request(), seen, { signal: AbortSignal.abort(new Error('Ctrl-C')) });
  await expect(brokenOff()).rejects.toThrow('Ctrl-C');
  expect(noted).toEqual([]);
  await verifyRows(request(), services);
  await expect(brokenOff()).rejects.toThrow('Ctrl-C');
  expect(noted).toEqual([]);
  expect(await gate(services)).toMatchObject({ status: 'open' });
});

test('a comparison whose reader is killed goes on from where it was noted last', async () => {
  const services = await servicesOf();
  const comparing = verifyRows(request(), services, { load: 0.02, noteEveryMs: 100 });
  const ended = comparing.catch((error: unknown) => error);
  await untilNoted();
  // What can be noted in the end too is taken away with the sessions.
  services.kill();
  await lab.blue.admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pontoon verify'",
  );
  expect(await ended).toBeInstanceOf(Error);
  const others = await servicesOf();
  await expectGoesOn(others, await rowsNoted());
});

/** The gate is closed, and nothing that is `known` is read again. */
async function expectGoesOn(services: CutoverServices, known: number): Promise<void> {
  expect(await gate(services)).toMatchObject({
    status: 'closed',
    found: '"shop"."orders" unchecked (the comparison of all tables has not ended)',
  });
  const seen: number[] = [];
  const rows = await verifyRows(request(), services, {
    onProgress: (progress) => seen.push(progress.rows),
  });
  expect(rows).toEqual({ same: 3, differs: [], unchecked: [], left: 0 });
  expect(seen.at(-1)).toBe(ROWS - known);
  expect(await gate(services)).toMatchObject({ status: 'open' });
}

async function servicesOf(): Promise<LabServices> {
  const services = await lab.services();
  opened.push(services);
  return services;
}

/** Rows of the big table that another call need not read. */
async function rowsNoted(): Promise<number> {
  const { rows } = await lab.green.admin.query(
    `SELECT coalesce(sum((t.value ->> 'rows')::int), 0)::int AS known
     FROM pontoon.verification CROSS JOIN LATERAL jsonb_each(nullif(state, 'null') -> 'tables') AS t`,
  );
  return rows[0].known;
}

const untilNoted = () => until('some rows must be noted', async () => (await rowsNoted()) > 0);

const untilThere = (count: number) =>
  until('all rows must be there', async () => {
    const { rows } = await lab.green.admin.query('SELECT count(*)::int AS n FROM shop.customers');
    return rows[0].n === count;
  });

/** Waits until no session of that name is left on either server. */
const untilNone = (name: string) =>
  until(`no session '${name}' must be left`, async () => {
    for (const { admin } of [lab.blue, lab.green]) {
      const { rowCount } = await admin.query(
        'SELECT FROM pg_stat_activity WHERE application_name = $1',
        [name],
      );
      if (rowCount !== 0) return false;
    }
    return true;
  });

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  await waitUntil({
    what,
    deadlineMs: 60_000,
    intervalMs: 20,
    probe: async () =>
      (await look()) ? { done: true, value: undefined } : { done: false, reason: 'not yet' },
  });
}
