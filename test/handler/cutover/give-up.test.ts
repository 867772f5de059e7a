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

interface Told {
  readonly endpoint?: object;
  readonly log?: (line: string) => void;
}

/** What the function returns, or fails with, while what is `away` does not answer. */
async function called(
  action: 'abandon' | 'switch' | 'watch',
  away: Away,
  { endpoint, log = () => undefined }: Told = {},
): Promise<unknown> {
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
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const metrics = { namespace: 'Pontoon', migration: 'App' };
  const invocation = { pontoon: 'cutover' as const, action, input, owner: OWNER, metrics };
  const walked = walkCutover(invocation, secrets, { remainingMs: () => 60_000, log });
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

/** What the watch fails with, and what it says meanwhile: metrics, and other lines. */
async function lookedAt(away: Away, endpoint?: object): Promise<unknown> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const failed = await called('watch', away, {
    log,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const metrics = lines
    .filter((line) => line.includes('"_aws"'))
    .map((line) => {
      const { _aws, ...metric } = JSON.parse(line);
      return metric;
    });
  const said = lines.filter((line) => !line.startsWith('{'));
  return { failed, metrics, said };
}

test('the watch tells a fence past its deadline only while applications are locked out', async () => {
  await killedAt(lab, lab.plan(LIMITS), { step: 'sequences', edge: 'before' });
  await untilAlone(lab);
  await asSuperuser(lab.blue, 'UPDATE pontoon.cutover SET deadline = fenced_at');
  const metric = { Migration: 'App', FencePassed: 0 };
  const locked = [{ ...metric, FenceOverdue: 1 }];
  const free = [{ ...metric, FenceOverdue: 0 }];
  const left = (failures: string) =>
    `CUT_OFF: what could not be taken back: ${failures}; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back`;
  const silent =
    'server "green" (127.0.0.1:1, database "app") must let "dbadmin" in for watch shop, got connect ECONNREFUSED 127.0.0.1:1; start the server, or correct host and port';
  await asSuperuser(
    lab.blue,
    `CREATE FUNCTION pontoon.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
     CREATE TRIGGER refuse BEFORE UPDATE OF lifted_at ON pontoon.cutover FOR EACH ROW EXECUTE FUNCTION pontoon.refuse()`,
  );
  expect(await lookedAt({ green: true })).toEqual({
    failed: `CUT_OFF: what could not be taken back: the fence: cannot run UPDATE pontoon.cutover SET lifted_at = pg_catalog.clock_timestamp() WHERE migrat…: the server said "not now" [P0001]; the way forward: ${NO_SESSION}; what was held: ${NO_SESSION}; run it again as soon as the servers answer, since 'blue' may still be fenced`,
    metrics: locked,
    said: [silent],
  });
  expect(await isFenced()).toBe(true);
  await asSuperuser(lab.blue, 'DROP FUNCTION pontoon.refuse() CASCADE');
  expect(await lookedAt({ green: true })).toEqual({
    failed: left(`the way forward: ${NO_SESSION}; what was held: ${NO_SESSION}`),
    metrics: free,
    said: [silent],
  });
  expect(await isFenced()).toBe(false);
  expect(await lookedAt({ green: true })).toEqual({
    failed: left(`the way forward: ${NO_SESSION}; what was held: ${NO_SESSION}`),
    metrics: free,
    said: [silent],
  });
  // The new writer is closed.
  const unsent =
    "the endpoint of command 'false' must lead to 'blue', got exit code 1 of 'false'; run it by hand to see what it needs";
  expect(await lookedAt({}, { ...ENDPOINT, active: ['echo', 'G'] })).toEqual({
    failed: left(`the endpoint: ${unsent}; the endpoint: ${unsent}`),
    metrics: locked,
    said: [],
  });
  expect(await lookedAt({ endpoint: true })).toEqual({
    failed: left(`the endpoint: ${UNLED}; the endpoint: ${UNLED}`),
    metrics: [metric],
    said: [`where clients of 'shop' are led cannot be read: ${UNLED}`],
  });
  expect(await lookedAt({})).toEqual({ failed: { lifted: true }, metrics: free, said: [] });
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
