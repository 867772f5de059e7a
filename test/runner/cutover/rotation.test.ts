import { type CutoverPlan, LinkKind, PGLOGICAL_SUBSCRIPTIONS, sql } from '../../../lib/postgres';
import { type CutoverStatus, cutover, settleCutover, status, waitUntil } from '../../../lib/runner';
import { CutoverLab, type LabServices } from './lab';

let lab: CutoverLab;
let services: LabServices;
let plan: CutoverPlan;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  services = await lab.services();
  plan = lab.plan();
});
afterAll(async () => {
  await services.close();
  await lab.stop();
});

test('a password that is rotated after the cutover stalls the way back until the cutover is settled again', async () => {
  await cutover({ plan, owner: 'test' }, services);
  expect((await status({ plan }, services)).reverse).toMatchObject({ state: 'carrying' });
  await lab.rotate();
  await lab.green.admin.query(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'backward'`,
  );
  await becomes('stalled');
  await settleCutover({ plan, owner: 'test' }, services);
  await becomes('carrying');
});

test('what other slots and open transactions keep is told too, however little the reader lies behind', async () => {
  const { admin } = lab.green;
  await admin.query(`SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')`);
  await admin.query(`SELECT pg_logical_emit_message(false, 'pontoon', repeat('x', 20000000))`);
  await waitUntil({
    what: 'the reader must follow, and the slot keep',
    deadlineMs: 60_000,
    probe: async () => {
      const { reverse } = await status({ plan }, services);
      const { lagBytes = Number.NaN, keptBytes = 0 } = reverse ?? {};
      return lagBytes < 1e6 && keptBytes > 16e6
        ? { done: true, value: undefined }
        : { done: false, reason: JSON.stringify(reverse) };
    },
  });
  await admin.query(`SELECT pg_drop_replication_slot('theirs')`);
});

test('a first copy of pglogical, which reads no slot, is none that stalls', async () => {
  const reverse = plan.reverse?.map((path) => ({
    ...path,
    kind: LinkKind.PGLOGICAL as const,
    slotName: 'read_by_nobody',
  }));
  const found = (copying: boolean) =>
    status(
      { plan: { ...plan, reverse }, waysOnly: true },
      {
        ...services,
        pglogical: {
          ...PGLOGICAL_SUBSCRIPTIONS,
          state: () => sql(`SELECT true AS enabled, 2 AS workers, ${copying} AS copying`),
        },
      },
    );
  expect((await found(true)).reverse).toMatchObject({ state: 'copying' });
  expect((await found(false)).reverse).toMatchObject({ state: 'stalled' });
});

test('sessions that a walk has used have time again for whatever comes later', async () => {
  await settleCutover({ plan, owner: 'test' }, services);
  const later = performance.now() + 3_600_000;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
  const found = await status({ plan }, services).finally(() => clock.mockRestore());
  expect(found).toMatchObject({ phase: 'open', writer: 'green' });
});

async function becomes(state: string): Promise<CutoverStatus> {
  return await waitUntil({
    what: `the way back must be ${state}`,
    deadlineMs: 60_000,
    probe: async () => {
      const value = await status({ plan }, services);
      return value.reverse?.state === state
        ? { done: true, value }
        : { done: false, reason: JSON.stringify(value.reverse) };
    },
  });
}
