import { EventEmitter, once } from 'node:events';
import { rollbackOf } from '../../../lib/postgres';
import {
  cutover,
  finalize,
  finishCutover,
  settleCutover,
  status,
  switchWriters,
} from '../../../lib/runner';
import { abandonExpired } from '../../../lib/runner/cutover/abandon';
import {
  alone,
  asSuperuser,
  failureOf,
  goOn,
  isMoment,
  killedAt,
  killedWhen,
  nobodyWalks,
  OWNER,
  watched,
} from '../../faults/walks';
import { eventually } from '../../rehearsal/servers/eventually';
import { CutoverLab, type LabServices } from './lab';

let lab: CutoverLab;
beforeEach(async () => {
  lab = await CutoverLab.start([17, 17]);
});
afterEach(() => lab.stop());

const back = () => {
  const plan = rollbackOf(lab.plan());
  if (plan === undefined) throw new Error('the plan must have a way back');
  return plan;
};

const refusalOf = async (work: (services: LabServices) => Promise<unknown>): Promise<string> => {
  const services = await lab.services();
  return await failureOf(work(services).finally(() => services.close()));
};

const inOneDirection = (from: string, to: string, lifting = '') =>
  `HELD: the writers of 'shop' must be moved in one direction at a time, got a walk from '${from}' to '${to}' by 'test' that has not ended; run that one again, which is 'pontoon rollback' if this is 'pontoon cutover', and the other way round${lifting}`;
const LIFTING = `, or have it taken back by 'pontoon cutover --lift-expired'`;

const fences = () =>
  alone(lab, async (services) =>
    (await status({ plan: lab.plan() }, services)).fenced.map(({ server, decided, opened }) => ({
      server,
      decided,
      opened,
    })),
  );

test('behind a rollback that was cut off, nobody cuts over or finalizes: both would take away what it needs', async () => {
  const plan = lab.plan();
  await goOn(lab, plan);
  await killedAt(lab, back(), { step: 'fence', edge: 'after' });
  await nobodyWalks(lab);
  const request = { plan, owner: OWNER };
  expect(await refusalOf((services) => cutover(request, services))).toBe(
    inOneDirection('green', 'blue', LIFTING),
  );
  expect(await refusalOf((services) => finalize({ ...request, takeOver: true }, services))).toBe(
    inOneDirection('green', 'blue', LIFTING),
  );
  expect(await fences()).toEqual([
    { server: 'blue', decided: true, opened: true },
    { server: 'green', decided: false, opened: false },
  ]);
  await goOn(lab, back());
  expect(lab.active).toBe('blue');
});

test('nor behind its decision, which nothing lifts any more', async () => {
  const plan = lab.plan();
  await goOn(lab, plan);
  await killedWhen(lab, back(), (services, die) =>
    watched(services, async (work, text = '') => {
      const done = await work();
      return /SET decided_at = coalesce/.test(text) ? await die() : done;
    }),
  );
  await nobodyWalks(lab);
  expect(await refusalOf((services) => cutover({ plan, owner: OWNER }, services))).toBe(
    inOneDirection('green', 'blue'),
  );
  expect(await fences()).toEqual([
    { server: 'blue', decided: true, opened: true },
    { server: 'green', decided: true, opened: false },
  ]);
  await goOn(lab, back());
  expect(lab.active).toBe('blue');
});

test('nobody rolls back behind a cutover that was cut off before it opened anything', async () => {
  await killedAt(lab, lab.plan(), { step: 'switch', edge: 'after' });
  await nobodyWalks(lab);
  expect(await refusalOf((services) => cutover({ plan: back(), owner: OWNER }, services))).toBe(
    inOneDirection('blue', 'green', LIFTING),
  );
  await goOn(lab, lab.plan());
  expect(lab.active).toBe('green');
});

test('a walk that slept takes nothing back from those who went on without it', async () => {
  const { blue, green } = lab;
  const plan = lab.plan({ budgetMs: 1_000 });
  const [asleep, woken] = [new EventEmitter(), new EventEmitter()];
  const slept = once(asleep, 'now');
  const services = await lab.services();
  const sleeper = failureOf(
    cutover(
      { plan, owner: 'sleeper' },
      {
        ...services,
        onEvent: async (event) => {
          if (!isMoment(event, { step: 'catch-up', edge: 'before' })) return;
          asleep.emit('now');
          await once(woken, 'now');
        },
      },
    ),
  );
  await slept;
  await eventually(async () => (await fences())[0] === undefined || (await lift()));
  for (const { admin } of [blue, green])
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`,
    );
  await nobodyWalks(lab);
  await goOn(lab, lab.plan());
  await alone(lab, (others) => finalize({ plan: lab.plan(), owner: OWNER }, others));
  woken.emit('now');
  expect(await sleeper).toMatch(
    /^HELD: .*; the fence on 'blue' must stand until the walk behind it ends, got none: somebody else lifted it, or ended the migration, so that nothing was taken back but a switch of clients to a closed server; look at the status$/,
  );
  expect(lab.active).toBe('green');
  await services.close();
});

test('nor does it leave clients where it led them in its sleep, to a server that is closed', async () => {
  const [asleep, woken] = [new EventEmitter(), new EventEmitter()];
  const slept = once(asleep, 'now');
  const services = await lab.services();
  const { endpoint } = services;
  const activate = async (server: string): Promise<void> => {
    if (server === 'green') {
      asleep.emit('now');
      await once(woken, 'now');
    }
    await endpoint.activate(server);
  };
  const sleeper = failureOf(
    cutover(
      { plan: lab.plan(), owner: 'sleeper' },
      { ...services, endpoint: { ...endpoint, activate } },
    ),
  );
  await slept;
  await asSuperuser(lab.blue, 'UPDATE pontoon.cutover SET deadline = fenced_at');
  expect(await lift()).toBe(true);
  woken.emit('now');
  const said = await sleeper;
  expect(lab.active).toBe('blue');
  expect(said).toMatch(
    /^HELD: .*; the fence on 'blue' must stand until the walk behind it ends, got none: somebody else lifted it, or ended the migration, so that nothing was taken back but a switch of clients to a closed server; look at the status$/,
  );
  await services.close();
});

const lift = async (): Promise<boolean> =>
  await alone(lab, (services) => abandonExpired({ plan: lab.plan(), owner: 'watch' }, services));

test('nor does one that is gone on with once the migration has ended, or was rolled back', async () => {
  const plan = lab.plan();
  await goOn(lab, plan);
  await goOn(lab, back());
  expect(await refusalOf((services) => finishCutover({ plan, owner: OWNER }, services))).toBe(
    `NOT_OPEN: the migration 'shop' must have decided to open 'green' before what follows, got no fence on 'blue'; look at its status`,
  );
  await goOn(lab, plan);
  await alone(lab, (services) => finalize({ plan, owner: OWNER }, services));
  expect(await refusalOf((services) => switchWriters({ plan, owner: OWNER }, services))).toBe(
    `FINALIZED: the migration 'shop' must not be finalized before a cutover, got one that has ended with 'green' as its writer; deploy another migration, of another name`,
  );
  expect(lab.active).toBe('green');
});

test.each([
  ['finish', finishCutover, 'decided to open'],
  ['settle', settleCutover, 'opened'],
])('what has nothing to %s takes no walk from who began it', async (_what, work, must) => {
  const plan = lab.plan();
  await killedAt(lab, plan, { step: 'fence', edge: 'after' });
  await nobodyWalks(lab);
  const another = { plan, owner: 'another', takeOver: true };
  expect(await refusalOf((services) => work(another, services))).toBe(
    `NOT_OPEN: the migration 'shop' must have ${must} 'green' before what follows, got a cutover that has not ended; look at its status`,
  );
  expect(await goOn(lab, plan)).toEqual([]);
  expect(lab.active).toBe('green');
});
