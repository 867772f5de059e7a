import { walkCutover } from '../../../lib/handler/cutover';
import { asSuperuser, killedAt, killedWhen, OWNER, watched } from '../../faults/walks';
import { CutoverLab } from '../../runner/cutover/lab';
import { untilAlone } from '../../runner/cutover/lab-services';

// What the machine is told of a walk that died, while the endpoint or the new writer does not answer.

const LIMITS = { budgetMs: 600_000 };

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
});
afterAll(() => lab.stop());

type Away = Readonly<Record<string, boolean>>;

/** What the function returns, or fails with, while what is `away` does not answer. */
async function called(action: 'abandon' | 'switch', away: Away): Promise<unknown> {
  const { secrets, close } = await lab.services();
  const input = {
    plan: lab.plan(LIMITS),
    // Where nobody listens.
    connections: Object.fromEntries(
      Object.entries(lab.connections()).map(([name, connection]) => [
        name,
        away[name] === true ? { ...connection, host: '127.0.0.1', port: 1 } : connection,
      ]),
    ),
    ...(away.endpoint === true ? { endpoint: ENDPOINT } : {}),
  };
  const walked = walkCutover({ pontoon: 'cutover', action, input, owner: OWNER }, secrets, {
    remainingMs: () => 60_000,
    log: () => undefined,
  });
  return await walked
    .catch((error: Error) => `${error.name}: ${error.message}`)
    .finally(() => close());
}

const ENDPOINT = {
  kind: 'command',
  sides: { blue: 'B', green: 'G' },
  active: ['false'],
  activate: ['false'],
};
const UNLED =
  "the endpoint of command 'false' must be readable and changeable, got exit code 1 of 'false'; run it by hand to see what it needs";

const NO_SESSION =
  "the cutover must have a session on 'green', got none; start the server, or add its connection";

async function isFenced(): Promise<boolean> {
  const [row] = await asSuperuser(
    lab.blue,
    `SELECT has_database_privilege('app', current_database(), 'CONNECT') AS may`,
  );
  return row?.may !== true;
}

test('what was not decided is lifted without the new writer, and taken back once it answers', async () => {
  await killedAt(lab, lab.plan(LIMITS), { step: 'sequences', edge: 'before' });
  await untilAlone(lab);
  expect(await isFenced()).toBe(true);
  expect(await called('abandon', { green: true })).toBe(
    `CUT_OFF: what could not be taken back: the way forward: ${NO_SESSION}; what was held: ${NO_SESSION}; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back`,
  );
  expect(await isFenced()).toBe(false);
  expect(await called('abandon', { endpoint: true })).toBe(
    `CUT_OFF: what could not be taken back: the endpoint: ${UNLED}; the endpoint: ${UNLED}; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back`,
  );
  expect(await called('abandon', {})).toEqual({ undone: true, decided: false });
  expect(await called('abandon', { endpoint: true })).toEqual({ undone: false, decided: false });
  expect(await called('abandon', { blue: true })).toBe(
    `CONNECT_FAILED: server "blue" (127.0.0.1:1, database "app") must let "dbadmin" in for cutover shop, got connect ECONNREFUSED 127.0.0.1:1; start the server, or correct host and port`,
  );
});

test('what was decided is told without the new writer and the endpoint, and opened without the endpoint', async () => {
  await killedWhen(lab, lab.plan(LIMITS), (services, die) =>
    watched(services, async (work, text = '') => {
      const done = await work();
      return /SET decided_at = coalesce/.test(text) ? await die() : done;
    }),
  );
  await untilAlone(lab);
  const told = { undone: false, decided: true };
  expect(await called('abandon', { green: true, endpoint: true })).toEqual(told);
  expect(await isFenced()).toBe(true);
  expect(await called('switch', { endpoint: true })).toBe(
    `UNSETTLED: 'green' is open; what follows the opening did not end: ${UNLED}; mend that and run it again, which goes on there and moves no writer`,
  );
  expect(await called('switch', { endpoint: true })).toMatchObject({ result: 'already-open' });
});
