import { createSecret, readSpec, type Secret } from '../../../lib/postgres';
import { apply, type CutoverEvent, cutover, finalize } from '../../../lib/runner';
import { failureOf } from '../../faults/walks';
import { DmsLab, WRITER } from './dms-lab';
import type { LabServices } from './lab';

// What a deployment does to the login of a DMS task that a cutover has shut.

let dms: DmsLab;
let services: LabServices;
let version = 1;
beforeAll(async () => {
  dms = await DmsLab.start();
  services = { ...(await dms.lab.services()), task: dms.task() };
  expect(await deploy()).toEqual([`set the password of role "${WRITER}"`]);
});
afterAll(async () => {
  await services.close();
  await dms.stop();
});

const request = () => ({ plan: dms.plan(), owner: 'test' });

async function secret(): Promise<Secret> {
  const { appPassword: password } = dms.lab;
  return createSecret({ username: WRITER, password, version: String(version) });
}

/** Deploys the role with the stack, and says what was done. */
async function deploy(): Promise<readonly string[]> {
  const spec = readSpec({ kind: 'role', name: WRITER, secret: 'writer' });
  const { steps } = await apply(
    { client: dms.lab.green.admin },
    { get: secret },
    { server: 'green', spec, owner: 'stack', adopt: true },
  );
  return steps;
}

/** Deploys when `step` begins; what was done is seen when the walk has ended. */
function deployAt(step: string): { onEvent(event: CutoverEvent): Promise<void>; done: unknown[] } {
  const done: unknown[] = [];
  return {
    done,
    onEvent: async (event) => {
      if (event.kind === 'step' && event.step.id === step) done.push(await deploy());
    },
  };
}

/** Waits until the task writes on green, and reads. */
async function carries(name: string): Promise<void> {
  await dms.lab.blue.admin.query('INSERT INTO shop.customers (name) VALUES ($1)', [name]);
  await dms.arrived(`SELECT FROM shop.customers WHERE name = '${name}'`);
  await dms.followed();
}

async function maySignIn(): Promise<boolean> {
  const { rows } = await dms.lab.green.admin.query(
    `SELECT rolcanlogin AS may FROM pg_roles WHERE rolname = '${WRITER}'`,
  );
  return rows[0].may;
}

test('is not let in again by one behind the fence, and by the undo as it was', async () => {
  const { onEvent, done } = deployAt('switch');
  const seen: boolean[] = [];
  const endpoint = {
    active: async () => 'blue',
    activate: async (server: string) => {
      if (server === 'blue') return;
      seen.push(await maySignIn());
      throw new Error('no such record');
    },
  };
  const walk = cutover(request(), { ...services, endpoint, onEvent });
  expect(await failureOf(walk)).toMatch(/^UNDONE: .*no such record/);
  expect(done).toEqual([[]]);
  expect(seen).toEqual([false]);
  expect(await maySignIn()).toBe(true);
  await carries('undone');
});

test('is a login by every deployment again once that was undone', async () => {
  await dms.lab.green.admin.query(`ALTER ROLE ${WRITER} NOLOGIN`);
  expect(await deploy()).toEqual([`alter role "${WRITER}"`]);
  expect(await maySignIn()).toBe(true);
});

test('is left to deployments when a preparation is taken back', async () => {
  const walk = cutover(request(), {
    ...services,
    onEvent: async (event) => {
      if (event.kind === 'done' && event.step.id === 'prepare') throw new Error('not today');
    },
  });
  expect(await failureOf(walk)).toMatch('not today');
  await dms.lab.green.admin.query(`ALTER ROLE ${WRITER} NOLOGIN`);
  expect(await deploy()).toEqual([`alter role "${WRITER}"`]);
});

test('stays shut from the fence to the end, and follows its secret', async () => {
  await carries('prepared');
  const { onEvent, done } = deployAt('settle');
  await cutover(request(), {
    ...services,
    onEvent: async (event) => {
      if (event.kind === 'step' && event.step.id === 'open') version += 1;
      await onEvent(event);
    },
  });
  expect(done).toEqual([[`set the password of role "${WRITER}"`]]);
  expect(await maySignIn()).toBe(false);
  await finalize(request(), services);
  expect(await deploy()).toEqual([]);
  expect(await maySignIn()).toBe(false);
});
