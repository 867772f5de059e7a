import dns from 'node:dns';
import type { Client } from 'pg';
import { finalize } from '../../../lib/runner';
import { asSuperuser, failureOf, goOn, killedAt, nobodyWalks, OWNER } from '../../faults/walks';
import { CutoverLab, type LabServices } from './lab';

// What is found out before a migration ends without one of its writers.

let lab: CutoverLab;
beforeEach(async () => {
  lab = await CutoverLab.start([17, 17]);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await lab.stop();
});

const plan = () => lab.plan({ budgetMs: 600_000 });

/** Does `work` with a session on every server but `gone`. */
async function without<Result>(
  gone: 'blue' | 'green',
  work: (services: LabServices) => Promise<Result>,
): Promise<Result> {
  const services = await lab.services();
  const sessions = new Map([...services.sessions].filter(([name]) => name !== gone));
  return await work({ ...services, sessions }).finally(() => services.kill());
}

const end = async (gone: string, services: LabServices): Promise<string> =>
  await failureOf(finalize({ plan: plan(), owner: OWNER, gone: [gone] }, services));

/** Does `work` when `session` is about to take the right to walk. */
function beforeItWalks(session: Client | undefined, work: () => Promise<unknown>): void {
  if (session === undefined) throw new Error('there must be a session');
  const query = session.query.bind(session);
  let done = false;
  const asked = async (...args: unknown[]): Promise<unknown> => {
    if (!done && JSON.stringify(args).includes('pg_try_advisory_lock')) {
      done = true;
      await work();
    }
    return await Reflect.apply(query, session, args);
  };
  jest.spyOn(session, 'query').mockImplementation(asked as never);
}

test('a walk that opened the new writer meanwhile is not taken back', async () => {
  await killedAt(lab, plan(), { step: 'open', edge: 'before' });
  await nobodyWalks(lab);
  await without('green', async (services) => {
    beforeItWalks(services.sessions.get('blue'), () => goOn(lab, plan()));
    expect(await end('green', services)).toBe(
      "WRITES_LOST: the migration 'shop' cannot end with 'blue' as its writer and without what was written on 'green', got a fence on 'blue' behind which 'green' was opened; bring 'green' back, or see WRITES_LOST in 'pontoon runbook' before anything is lifted by hand",
    );
  });
  expect(lab.active).toBe('green');
  expect(await asSuperuser(lab.blue, 'SELECT subname FROM pg_subscription')).toEqual([
    { subname: 'backward' },
  ]);
});

test('a new writer without a guard is open once clients were sent there', async () => {
  await asSuperuser(lab.green, `DELETE FROM pontoon.objects WHERE kind = 'connection-guard'`);
  await without('blue', async (services) => {
    await lab.blue.server.kill();
    expect(await end('blue', services)).toBe(
      "NOT_OPEN: the migration 'shop' must have opened 'green' before it ends with that as its writer, got neither a cutover that let applications in there, nor clients that are sent there; bring 'blue' back, or, once it is decided that what it did not send is lost, move the sequences on 'green' ahead, send clients there, and run it again",
    );
    expect(lab.active).toBe('blue');
    lab.active = 'green';
    expect(await end('blue', services)).toBe('nothing failed');
  });
});

test('a server whose name cannot be looked up is not gone', async () => {
  const { blue } = lab.connections();
  const lookup = jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((host: string, _: object, done: (error: Error) => void) =>
      done(
        Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), { code: 'EAI_AGAIN' }),
      )) as never);
  await without('blue', async (services) => {
    const connections = { blue: { ...blue, host: 'db.example' } };
    expect(await end('blue', { ...services, connections })).toBe(
      "NOT_GONE: server 'blue' must be asked whether it is gone before the migration 'shop' ends without it, got no way to ask it: getaddrinfo EAI_AGAIN db.example; finalize from where its network and name server can be reached",
    );
  });
  expect(lookup).toHaveBeenCalled();
});
