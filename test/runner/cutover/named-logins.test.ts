import { rollbackOf } from '../../../lib/postgres';
import { cutover, finalize } from '../../../lib/runner';
import { asSuperuser, failureOf, walkWith } from '../../faults/walks';
import { CutoverLab, type Side } from './lab';

/** Nobody comes in unless they are named, on both sides. */
let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  const guard = { kind: 'connection-guard', keep: ['reader'] } as const;
  await lab.drop(lab.green, guard);
  for (const { admin } of [lab.blue, lab.green]) {
    await admin.query('REVOKE CONNECT ON DATABASE app FROM PUBLIC');
    await admin.query('GRANT CONNECT ON DATABASE app TO app');
  }
  await lab.apply(lab.green, guard);
});
afterAll(() => lab.stop());

const addLogin = async (name: string): Promise<void> => {
  for (const side of [lab.blue, lab.green])
    await asSuperuser(
      side,
      `CREATE ROLE ${name} LOGIN; GRANT USAGE ON SCHEMA shop TO ${name}; GRANT INSERT ON shop.orders TO ${name}`,
    );
};

const letIn = (side: Side, name: string) =>
  side.admin.query(`GRANT CONNECT ON DATABASE app TO ${name}`);

const mayConnect = async (side: Side): Promise<unknown> =>
  (
    await asSuperuser(
      side,
      `SELECT array_agg(rolname::text ORDER BY rolname) AS names FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_' AND has_database_privilege(oid, 'app', 'CONNECT')`,
    )
  )[0]?.names;

const walk = async (plan = lab.plan()) => {
  const services = await lab.services();
  return await cutover({ plan, owner: 'test' }, services).finally(() => services.close());
};

test('a login that was added while the new writer was closed comes in with the others, if it is named on the old one', async () => {
  await addLogin('later');
  await asSuperuser(
    lab.blue,
    'CREATE ROLE team; GRANT CONNECT ON DATABASE app TO team; GRANT team TO later',
  );
  expect(await failureOf(walk())).toBe(
    `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- applications may do on the new writer what they may on the old one: closed, got role 'later', which on 'green' is not let in with the others (CONNECT); grant it there too, or revoke it; who gets CONNECT when the new writer opens is who had it before its connection guard, and who is granted it by name on the old one; a login that nobody uses needs no LOGIN on the old one, and one that is called otherwise there is declared in 'logins'`,
  );
  await letIn(lab.blue, 'later');
  expect(await walk()).toMatchObject({ result: 'opened' });
  expect(await mayConnect(lab.green)).toEqual(['app', 'dbadmin', 'later', 'reader']);
  expect(await mayConnect(lab.blue)).toEqual(['dbadmin', 'reader']);
});

test('so does one that was added since, when the old writer is opened again', async () => {
  const back = rollbackOf(lab.plan());
  await addLogin('latest');
  await letIn(lab.green, 'latest');
  expect(await walk(back)).toMatchObject({ result: 'opened' });
  expect(await mayConnect(lab.blue)).toEqual([
    'app',
    'dbadmin',
    'later',
    'latest',
    'reader',
    'team',
  ]);
});

test('whom somebody let in behind the fence, an undo leaves in', async () => {
  await asSuperuser(lab.blue, 'REVOKE CONNECT ON DATABASE app FROM reader; CREATE ROLE clerks');
  const undone = walkWith(lab, lab.plan(), { step: 'switch', edge: 'before' }, async () => {
    expect(await mayConnect(lab.blue)).toEqual(['dbadmin', 'reader']);
    await letIn(lab.blue, 'clerks');
    throw new Error('enough');
  });
  expect(await failureOf(undone)).toBe(
    `UNDONE: enough; everything was taken back, and 'blue' works as before`,
  );
  expect(await mayConnect(lab.blue)).toEqual([
    'app',
    'clerks',
    'dbadmin',
    'later',
    'latest',
    'team',
  ]);
  await letIn(lab.blue, 'reader');
  await lab.followed();
});

test('so does the end of the migration', async () => {
  expect(await walk()).toMatchObject({ result: 'opened' });
  await asSuperuser(lab.blue, 'CREATE ROLE auditors');
  await letIn(lab.blue, 'auditors');
  const services = await lab.services();
  await finalize({ plan: lab.plan(), owner: 'test' }, services).finally(() => services.close());
  expect(await mayConnect(lab.blue)).toEqual(
    expect.arrayContaining(['app', 'auditors', 'clerks', 'later', 'latest', 'team']),
  );
});
