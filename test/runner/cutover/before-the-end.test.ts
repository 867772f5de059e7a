import { rollbackOf } from '../../../lib/postgres';
import { cutover, finalize, partialStatus } from '../../../lib/runner';
import { abandonExpired } from '../../../lib/runner/cutover/abandon';
import {
  alone,
  asSuperuser,
  failureOf,
  goOn,
  killedAt,
  nobodyWalks,
  OWNER,
} from '../../faults/walks';
import { CutoverLab, type LabServices } from './lab';

// What may be left of walks when a migration is to end with its new writer.

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  await goOn(lab, lab.plan());
});
afterAll(() => lab.stop());

const back = () => {
  const plan = rollbackOf(lab.plan());
  if (plan === undefined) throw new Error('the plan must have a way back');
  return plan;
};

const failing = async (work: (services: LabServices) => Promise<unknown>): Promise<string> => {
  const services = await lab.services();
  return await failureOf(work(services).finally(() => services.close()));
};

const request = () => ({ plan: lab.plan(), owner: OWNER });

const writerInPart = (): Promise<unknown> =>
  alone(lab, async (services) => {
    const input = { plan: lab.plan(), connections: lab.connections() };
    const { secrets } = services;
    const found = await partialStatus(input, { secrets, withServices: (_, use) => use(services) });
    return found.writer;
  });

test('a fence of an earlier release, which did not say whom it let in, is lifted too', async () => {
  await asSuperuser(
    lab.blue,
    `UPDATE pontoon.cutover SET connect_before = connect_before - 'given'`,
  );
  expect(await goOn(lab, back())).toEqual([]);
  expect(lab.active).toBe('blue');
  await goOn(lab, lab.plan());
});

test('a part of a status names no writer that a rollback has closed again', async () => {
  expect(await writerInPart()).toBe('green');
  await killedAt(lab, back(), { step: 'fence', edge: 'after' });
  await nobodyWalks(lab);
  expect(await writerInPart()).toBe(undefined);
  await goOn(lab, back());
  expect(await writerInPart()).toBe('blue');
  await goOn(lab, lab.plan());
});

test('what is left to take back of a rollback is taken back before the migration ends', async () => {
  const activate = async (): Promise<never> => {
    throw new Error('out of service');
  };
  const cut = await failing((services) =>
    cutover(
      { plan: back(), owner: OWNER },
      { ...services, endpoint: { ...services.endpoint, activate } },
    ),
  );
  expect(cut).toBe(
    `CUT_OFF: out of service; what could not be taken back: the endpoint: out of service; 'green' is open again; run it again as soon as the servers answer, so that the rest is taken back`,
  );
  expect(await failing((services) => finalize(request(), services))).toBe(
    `HELD: the writers of 'shop' must be moved in one direction at a time, got a walk from 'green' to 'blue' by 'test' that has not ended; run that one again, which is 'pontoon rollback' if this is 'pontoon cutover', and the other way round, or have it taken back by 'pontoon cutover --lift-expired'`,
  );
  await asSuperuser(lab.green, 'UPDATE pontoon.cutover SET deadline = fenced_at');
  const watch = { plan: back(), owner: 'watch' };
  expect(await alone(lab, (services) => abandonExpired(watch, services))).toBe(true);
});

test('nor does it end while clients are led to the old writer, where what they wrote would stay', async () => {
  lab.active = 'blue';
  expect(await failing((services) => finalize(request(), services))).toBe(
    `UNSETTLED: clients must be sent to 'green' before the migration 'shop' ends with that as its writer, got 'blue'; run the walk to 'green' again, 'pontoon rollback' if it ends with '--back' and 'pontoon cutover' otherwise, which sends them there and moves no writer`,
  );
  await goOn(lab, lab.plan());
  expect(lab.active).toBe('green');
});

test('nor while nobody can tell where they are led, unless they go by no endpoint any more', async () => {
  const active = async (): Promise<never> => {
    throw new Error("record 'db.shop.example' is gone");
  };
  const said = await failing((services) =>
    finalize(request(), { ...services, endpoint: { ...services.endpoint, active } }),
  );
  expect(said).toBe(
    `UNSETTLED: it must be seen that clients are sent to 'green' before the migration 'shop' ends with that as its writer, got record 'db.shop.example' is gone; mend that, or leave out 'endpoint' if no client goes by it any more`,
  );
});

test('and behind a rollback nobody is told to move the writers once more', async () => {
  await goOn(lab, back());
  lab.active = 'green';
  const end = { ...request(), plan: back() };
  expect(await failing((services) => finalize(end, services))).toBe(
    `UNSETTLED: clients must be sent to 'blue' before the migration 'shop' ends with that as its writer, got 'green'; run the walk to 'blue' again, 'pontoon rollback' if it ends with '--back' and 'pontoon cutover' otherwise, which sends them there and moves no writer`,
  );
  expect(await goOn(lab, back())).toEqual([]);
  expect(lab.active).toBe('blue');
  await goOn(lab, lab.plan());
});

test('it leaves no slot of a rollback that was cut off before its fence', async () => {
  await killedAt(lab, back(), { step: 'prepare', edge: 'after' });
  await nobodyWalks(lab);
  const { already } = await alone(lab, (services) => finalize(request(), services));
  expect(already).toBe(false);
  expect(await asSuperuser(lab.green, 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
  expect(await alone(lab, (services) => finalize(request(), services))).toMatchObject({
    already: true,
  });
});
