import { type ObjectSpec, readSpec, rollbackOf } from '../../../lib/postgres';
import { apply, type CutoverServices, cutover, drop, finalize } from '../../../lib/runner';
import { failureOf } from '../../faults/walks';
import { CutoverLab, type LabServices, type Side } from './lab';

// What a deployment does to a migration whose cutover has opened the new writer, or that is over.

let lab: CutoverLab;
let services: LabServices;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  services = await lab.services();
});
afterAll(async () => {
  await services.close();
  await lab.stop();
});

const OTHER_GUARD = { kind: 'connection-guard', keep: ['reader', 'dbadmin'] };
const OTHER_SELECTION = { schemas: ['shop', 'more'] };
const GUARD = { kind: 'connection-guard', keep: ['reader'] };

/** Deploys `spec` with the stack, and says what was done. */
async function deploy(side: Side, spec: object): Promise<readonly string[]> {
  const { steps } = await apply({ client: side.admin }, services.secrets, request(side, spec));
  return steps;
}

function request(side: Side, spec: object): { server: string; spec: ObjectSpec; owner: string } {
  return { server: side.name, spec: readSpec(spec), owner: 'stack' };
}

async function applied(side: Side, kind: string, name: string): Promise<object> {
  const { rows } = await side.admin.query(
    'SELECT spec FROM pontoon.objects WHERE kind = $1 AND name = $2',
    [kind, name],
  );
  return rows[0]?.spec;
}

/** An application connects where clients are sent. */
async function connects(): Promise<boolean> {
  const session = await lab.current.session(lab.application());
  await session.end();
  return true;
}

async function walk(
  plan = lab.plan(),
  more: Partial<CutoverServices> = {},
): Promise<{ readonly result: string }> {
  return await cutover({ plan, owner: 'test' }, { ...services, ...more });
}

const LIFTED =
  "connection-guard 'connection-guard' on 'green' stays lifted: the cutover of 'shop' let applications in";

test('an open writer stays open, whatever its guard is told', async () => {
  await walk();
  expect(lab.active).toBe('green');
  expect(await deploy(lab.green, OTHER_GUARD)).toEqual([LIFTED]);
  expect(await connects()).toBe(true);
});

test('what a cutover has switched is refused a change, and can be asked for as it was', async () => {
  const spec = await applied(lab.green, 'subscription', 'forward');
  await expect(
    deploy(lab.green, { ...spec, enabled: true, selection: OTHER_SELECTION }),
  ).rejects.toThrow(
    "subscription 'forward' on 'green' must belong to stack, got the owner cutover shop; roll back or finalize the cutover of 'shop' first, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence",
  );
  expect(await deploy(lab.green, spec)).toEqual([
    "subscription 'forward' on 'green' stays as the cutover left it",
  ]);
});

test('what a cutover holds is not dropped, and whoever deletes the stack is told so', async () => {
  const held = [
    [lab.green, 'subscription', 'forward'],
    [lab.green, 'connection-guard', 'connection-guard'],
    [lab.blue, 'logical-slot', 'forward'],
  ] as const;
  for (const [side, kind, name] of held) {
    const spec = await applied(side, kind, name);
    const dropped = drop({ client: side.admin }, services.secrets, request(side, spec));
    expect(await failureOf(dropped)).toBe(
      `OWNED: ${kind} '${name}' on '${side.name}' cannot be dropped while a cutover holds it, got the one of 'shop'; finalize that first, after a rollback if the old writer is to stay, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence`,
    );
    // Another deployment whose own was refused cleans up after itself, and has nothing here.
    const others = { ...request(side, spec), owner: 'another stack' };
    expect(await drop({ client: side.admin }, services.secrets, others)).toEqual({
      steps: [],
      attributes: {},
    });
  }
});

test('after a rollback that was undone all of that still holds', async () => {
  const back = rollbackOf(lab.plan());
  const endpoint = {
    active: async () => lab.active,
    activate: async (server: string) => {
      if (server === 'blue') throw new Error('no such record');
    },
  };
  await expect(walk(back, { endpoint })).rejects.toMatchObject({ code: 'UNDONE' });
  expect(await deploy(lab.green, OTHER_GUARD)).toEqual([LIFTED]);
  expect(await connects()).toBe(true);
  const spec = await applied(lab.green, 'subscription', 'forward');
  await expect(deploy(lab.green, { ...spec, selection: OTHER_SELECTION })).rejects.toMatchObject({
    code: 'OWNED',
  });
});

test('a server that is fenced after a rollback stays fenced', async () => {
  // The way that was undone was resumed a moment ago.
  await lab.followed();
  await walk(rollbackOf(lab.plan()));
  expect(lab.active).toBe('blue');
  expect(await deploy(lab.green, GUARD)).toEqual([LIFTED]);
  await expect(lab.green.session({ user: 'app', password: lab.appPassword })).rejects.toThrow(
    'permission denied for database "app"',
  );
  expect(await connects()).toBe(true);
});

test('nothing of a finalized migration is made again, and the writer stays open', async () => {
  await walk();
  const subscription = await applied(lab.green, 'subscription', 'forward');
  const publication = await applied(lab.blue, 'publication', 'forward');
  const slot = await applied(lab.blue, 'logical-slot', 'forward');
  await finalize({ plan: lab.plan(), owner: 'test' }, services);
  const over = (what: string): readonly string[] => [
    `${what} stays away: the migration 'shop' was finalized`,
  ];
  expect(await deploy(lab.green, OTHER_GUARD)).toEqual(
    over("connection-guard 'connection-guard' on 'green'"),
  );
  expect(await deploy(lab.green, { ...subscription, selection: OTHER_SELECTION })).toEqual(
    over("subscription 'forward' on 'green'"),
  );
  expect(await deploy(lab.blue, publication)).toEqual(over("publication 'forward' on 'blue'"));
  expect(await deploy(lab.blue, slot)).toEqual(over("logical-slot 'forward' on 'blue'"));
  expect(await connects()).toBe(true);
  for (const { admin } of [lab.blue, lab.green]) {
    const { rows } = await admin.query(
      `SELECT (SELECT count(*)::int FROM pg_subscription) AS subscriptions, (SELECT count(*)::int FROM pg_publication) AS publications, (SELECT count(*)::int FROM pg_replication_slots) AS slots`,
    );
    expect(rows).toEqual([{ subscriptions: 0, publications: 0, slots: 0 }]);
  }
});

test('deleting the stack leaves nothing, and takes nothing from the writer', async () => {
  for (const side of [lab.blue, lab.green]) {
    const { rows } = await side.admin.query('SELECT spec FROM pontoon.objects ORDER BY kind DESC');
    for (const { spec } of [...rows, { spec: { kind: 'ledger' } }])
      await drop({ client: side.admin }, services.secrets, request(side, spec));
    const left = await side.admin.query(`SELECT to_regnamespace('pontoon') AS schema`);
    expect(left.rows).toEqual([{ schema: null }]);
  }
  expect(await connects()).toBe(true);
});
