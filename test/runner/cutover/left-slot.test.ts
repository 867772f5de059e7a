import {
  abandon,
  cutover,
  dropLeft,
  partialStatus,
  prepareCutover,
  settleCutover,
  status,
  switchWriters,
} from '../../../lib/runner';
import {
  alone,
  asSuperuser,
  back,
  failureOf,
  isMoment,
  killedAt,
  killedWhen,
  nobodyWalks,
  watched,
} from '../../faults/walks';
import { CutoverLab } from './lab';

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
});
afterAll(() => lab.stop());

const SLOT = 'pontoon_fence_shop';
const request = () => ({ plan: lab.plan(), owner: 'test' });
const left = async (): Promise<unknown> =>
  await alone(lab, async (services) => (await status(request(), services)).left);
const drop = async (plan = lab.plan()): Promise<boolean> =>
  await alone(lab, async (services) =>
    dropLeft(
      { plan, connections: lab.connections() },
      { secrets: services.secrets, log: () => undefined, withServices: (_, use) => use(services) },
    ),
  );
const slots = async (side = lab.blue): Promise<unknown> =>
  (await side.admin.query(`SELECT slot_name FROM pg_replication_slots WHERE slot_name = '${SLOT}'`))
    .rows;

test('a walk that was cut off before its fence is seen by the slot that it left', async () => {
  expect(await left()).toEqual([]);
  expect(await drop()).toBe(false);
  await killedAt(lab, lab.plan(), { step: 'prepare', edge: 'after' });
  await nobodyWalks(lab);
  expect(await left()).toEqual([{ server: 'blue', slot: SLOT }]);
  const input = { plan: lab.plan(), connections: lab.connections() };
  const part = await alone(lab, (services) =>
    partialStatus(input, { secrets: services.secrets, withServices: (_, use) => use(services) }),
  );
  expect(part.left).toEqual([{ server: 'blue', slot: SLOT }]);
});

test('what it holds is given back with it', async () => {
  const guard = { kind: 'connection-guard', keep: ['reader', 'app'] };
  expect(await failureOf(lab.apply(lab.green, guard))).toBe(
    "OWNED: connection-guard 'connection-guard' on 'green' must belong to stack, got the owner cutover shop; roll back or finalize the cutover of 'shop' first, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence",
  );
  expect(await drop()).toBe(true);
  expect([await left(), await slots()]).toEqual([[], []]);
  await lab.apply(lab.green, guard);
  await lab.apply(lab.green, { ...guard, keep: ['reader'] });
});

test('somebody who walks has left nothing', async () => {
  const services = await lab.services();
  await prepareCutover(request(), services);
  expect(await slots()).toHaveLength(1);
  expect([await left(), await drop()]).toEqual([[], false]);
  expect(await slots()).toHaveLength(1);
  await services.close();
  await nobodyWalks(lab);
  expect(await drop()).toBe(true);
});

test('a walk that was cut off while it tried the way back leaves none that asks for its slot, once it is given up', async () => {
  await killedWhen(lab, lab.plan(), (services, die) =>
    watched(services, async (work, text = '') => {
      return text.startsWith('ALTER SUBSCRIPTION "backward" REFRESH') ? await die() : await work();
    }),
  );
  await nobodyWalks(lab);
  const ways = 'SELECT subname AS name, subenabled AS enabled FROM pg_subscription';
  expect(await asSuperuser(lab.blue, ways)).toEqual([{ name: 'backward', enabled: true }]);
  expect(await alone(lab, (services) => abandon(request(), services))).toBe(false);
  expect(await asSuperuser(lab.blue, ways)).toEqual([]);
});

test('what a walk holds that was cut off before it had its slot is given back', async () => {
  const guard = { kind: 'connection-guard', keep: ['reader', 'app'] };
  await killedWhen(lab, lab.plan(), (services, die) =>
    watched(services, async (work, text = '') =>
      text.startsWith('ALTER SUBSCRIPTION "backward" REFRESH') ? await die() : await work(),
    ),
  );
  await nobodyWalks(lab);
  expect([await left(), await slots()]).toEqual([[], []]);
  expect(await failureOf(lab.drop(lab.green, guard))).toBe(
    "OWNED: connection-guard 'connection-guard' on 'green' cannot be dropped while a cutover holds it, got the one of 'shop'; finalize that first, after a rollback if the old writer is to stay, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence",
  );
  expect(await drop()).toBe(true);
  expect(await asSuperuser(lab.blue, 'SELECT subname AS name FROM pg_subscription')).toEqual([]);
  await lab.apply(lab.green, guard);
  await lab.apply(lab.green, { ...guard, keep: ['reader'] });
  expect(await drop()).toBe(false);
});

describe('what was made ready, and is taken back between two steps of a state machine by a runner that is killed', () => {
  const taking = async (dies: string): Promise<void> => {
    await alone(lab, (services) => prepareCutover(request(), services));
    const killed = killedWhen(
      lab,
      lab.plan(),
      (services, die) =>
        watched(services, async (work, text = '') =>
          text.includes(dies) ? await die() : await work(),
        ),
      abandon,
    );
    expect(await killed).toBe(false);
    await nobodyWalks(lab);
  };

  test.each([
    { before: 'the slot goes', dies: 'pg_drop_replication_slot', gone: false },
    { before: 'the way back goes', dies: 'DROP SUBSCRIPTION', gone: true },
    { before: 'what was held is given back', dies: "coalesce(before ->> 'heldFrom'", gone: true },
  ])('is found again, or is there as a whole behind the fence: $before', async ({ dies, gone }) => {
    await taking(dies);
    expect(await slots()).toHaveLength(gone ? 0 : 1);
    expect([await drop(), await drop()]).toEqual([true, false]);
    await taking(dies);
    const walked = alone(lab, (services) =>
      switchWriters(request(), {
        ...services,
        onEvent: (event) => {
          if (isMoment(event, { step: 'switch', edge: 'before' })) throw new Error('enough');
        },
      }),
    );
    expect(await failureOf(walked)).toBe(
      "UNDONE: enough; everything was taken back, and 'blue' works as before",
    );
    await lab.followed();
  });
});

test('what was taken back between two steps of a state machine is made ready again before the fence', async () => {
  await alone(lab, (services) => prepareCutover(request(), services));
  await nobodyWalks(lab);
  expect(await drop()).toBe(true);
  const { result } = await alone(lab, (services) => switchWriters(request(), services));
  expect(result).toBe('opened');
  expect((await alone(lab, (services) => cutover(request(), services))).result).toBe(
    'already-open',
  );
  expect([await left(), await drop()]).toEqual([[], false]);
});

describe('the slot of a walk that opened and was cut off before it settled', () => {
  const OPENED = { step: 'open', edge: 'after' } as const;

  test('is seen on the writer that another walk opened, and taken back without moving it', async () => {
    await killedAt(lab, back(lab.plan()), OPENED);
    await nobodyWalks(lab);
    await killedAt(lab, lab.plan(), OPENED);
    await nobodyWalks(lab);
    expect(await left()).toEqual([{ server: 'green', slot: SLOT }]);
    expect(await drop(back(lab.plan()))).toBe(true);
    expect([await left(), await slots(lab.green)]).toEqual([[], []]);
    const again = await alone(lab, (services) => cutover(request(), services));
    expect(again.result).toBe('already-open');
    expect([await slots(), await slots(lab.green)]).toEqual([[], []]);
  });

  test('goes with the end of the walk that leads the other way', async () => {
    await killedAt(lab, back(lab.plan()), OPENED);
    await nobodyWalks(lab);
    expect(await slots(lab.green)).toHaveLength(1);
    await lab.followed();
    await alone(lab, (services) => cutover(request(), services));
    expect([await left(), await slots(), await slots(lab.green)]).toEqual([[], [], []]);
  });

  test('goes, whatever else keeps the walk from its end', async () => {
    const plan = back(lab.plan());
    await killedAt(lab, plan, OPENED);
    await nobodyWalks(lab);
    const end = alone(lab, (services) => {
      const endpoint = {
        ...services.endpoint,
        active: () => Promise.reject(new Error('it is away')),
      };
      return settleCutover({ plan, owner: 'test' }, { ...services, endpoint });
    });
    expect(await failureOf(end)).toBe(
      "UNSETTLED: 'blue' is open; what follows the opening did not end: it is away; mend that and run it again, which goes on there and moves no writer",
    );
    expect(await slots(lab.green)).toEqual([]);
  });
});
