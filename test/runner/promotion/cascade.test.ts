import { dryRunPromotion, type PromotionEvent, promote } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => await lab?.close());

/** Throws as `step` begins, and ever after if nothing is to be taken back. */
function killAt(step: string, { forEver }: { readonly forEver: boolean }) {
  let dead = false;
  return (event: PromotionEvent): void => {
    const now = event.kind === 'step' && event.id === step;
    dead ||= now && forEver;
    if (dead || now) throw new Error('killed');
  };
}

/** Has replica2 stream from replica1, as a promotion leaves it that was killed, and the old primary come back. */
async function leaveCascade(): Promise<void> {
  await lab.server(PRIMARY).kill();
  const onEvent = killAt('promote', { forEver: true });
  const request = { input: lab.input({ to: 'replica1' }), declareLost: true };
  await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow('killed');
  await lab.server(PRIMARY).start();
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 1 FROM generate_series(1, 99) n');
}

test('a standby that streams from another one is pointed to the primary before anything is fenced', async () => {
  await leaveCascade();
  const input = lab.input({ to: 'replica2' });
  await lab.ask(PRIMARY, `SELECT pg_drop_replication_slot('pontoon_replica2')`);
  const { to, fenced, actions } = await dryRunPromotion({ input }, lab);
  expect({ to, fenced }).toEqual({ to: 'replica2', fenced: true });
  const first = actions.slice(
    0,
    actions.findIndex(({ step }) => step === 'fence'),
  );
  const set = `ALTER SYSTEM SET primary_`;
  expect(first).toEqual([
    {
      step: 're-point',
      server: PRIMARY,
      what: 'SELECT pg_catalog.pg_create_physical_replication_slot($1, true)',
      values: ['pontoon_replica2'],
    },
    {
      step: 're-point',
      server: 'replica2',
      what: expect.stringContaining(
        `${set}conninfo = 'host=''localhost'' port=''${lab.server(PRIMARY).port}''`,
      ),
      values: [],
    },
    {
      step: 're-point',
      server: 'replica2',
      what: `${set}slot_name = 'pontoon_replica2'`,
      values: [],
    },
    {
      step: 're-point',
      server: 'replica2',
      what: 'SELECT pg_catalog.pg_reload_conf()',
      values: [],
    },
  ]);
  const began = performance.now();
  expect(await promote({ input }, lab)).toMatchObject({
    result: 'promoted',
    to: 'replica2',
    loss: { kind: 'nothing' },
    following: ['replica1'],
  });
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(await lab.rows('replica2')).toHaveLength(99);
});

test('one that streams from a standby which is gone takes the primary’s place, too', async () => {
  await leaveCascade();
  await lab.server('replica1').kill();
  const input = lab.input({ to: 'replica2', lost: ['replica1'] });
  expect(await promote({ input }, lab)).toMatchObject({ result: 'promoted', to: 'replica2' });
  expect(await lab.rows('replica2')).toHaveLength(99);
});

test('one that the primary does not reach is pointed back, and no log is kept for it there', async () => {
  await leaveCascade();
  const slots = `SELECT slot_name FROM pg_replication_slots WHERE slot_name = 'pontoon_replica2'`;
  await lab.ask(PRIMARY, `SELECT pg_drop_replication_slot('pontoon_replica2')`);
  const conninfo = `SELECT current_setting('primary_conninfo') AS conninfo`;
  const before = await lab.ask('replica2', conninfo);
  await lab.cutOff();
  await expect(promote({ input: lab.input({ to: 'replica2' }) }, lab)).rejects.toMatchObject({
    code: 'NOT_STREAMING',
  });
  expect(await lab.ask('replica2', conninfo)).toEqual(before);
  expect(await lab.ask(PRIMARY, slots)).toEqual([]);
});

test('after a failure all standbys stream from the primary, whomever they did before', async () => {
  await leaveCascade();
  const onEvent = killAt('re-point', { forEver: false });
  for (const to of ['replica1', 'replica2']) {
    const request = { input: lab.input({ to }) };
    await expect(promote(request, { secrets: lab.secrets, onEvent })).rejects.toThrow(/^killed$/);
    expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
    await lab.ask(PRIMARY, `DELETE FROM t WHERE id = (SELECT max(id) FROM t)`);
    await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
    const slots = 'SELECT slot_name FROM pg_replication_slots';
    for (const name of ['replica1', 'replica2']) expect(await lab.ask(name, slots)).toEqual([]);
  }
});
