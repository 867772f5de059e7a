import { asSuperuser, failureOf, walkWith } from '../../faults/walks';
import { CutoverLab, type Side } from './lab';

describe('who may connect', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([17, 17]);
  });
  afterAll(() => lab.stop());

  const access = async (side: Side): Promise<unknown> =>
    (
      await asSuperuser(
        side,
        `SELECT jsonb_agg(a::text ORDER BY a::text) AS acl FROM pg_database d, unnest(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE d.datname = 'app'`,
      )
    )[0]?.acl;

  test('is as it was when a walk was undone, with the right to grant it on', async () => {
    await lab.blue.admin.query('GRANT CONNECT ON DATABASE app TO app WITH GRANT OPTION');
    const before = await access(lab.blue);
    expect(before).toContain('app=c*/dbadmin');
    const walk = walkWith(lab, lab.plan(), { step: 'switch', edge: 'before' }, () =>
      Promise.reject(new Error('enough')),
    );
    expect(await failureOf(walk)).toBe(
      `UNDONE: enough; everything was taken back, and 'blue' works as before`,
    );
    expect(await access(lab.blue)).toEqual(before);
    await lab.followed();
  });

  test('is the owner’s to say, or a gate is closed', async () => {
    const { blue } = lab;
    await asSuperuser(blue, 'CREATE ROLE other');
    await asSuperuser(blue, 'SET ROLE app; GRANT CONNECT ON DATABASE app TO other');
    const walk = walkWith(lab, lab.plan(), { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk)).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- nobody but the owner granted CONNECT on the old writer’s database: closed, got a grant of 'app' to 'other'; have the grantor revoke it, and the owner grant it: the owner cannot take back what others granted`,
    );
    await asSuperuser(blue, 'SET ROLE app; REVOKE CONNECT ON DATABASE app FROM other');
  });

  test('of those who stay connected anyway may be anybody’s to say', async () => {
    const { blue } = lab;
    await asSuperuser(blue, 'SET ROLE app; GRANT CONNECT ON DATABASE app TO reader');
    const walk = walkWith(lab, lab.plan(), { step: 'gates', edge: 'after' }, () =>
      Promise.reject(new Error('enough')),
    );
    await expect(walk).rejects.toThrow('enough');
    await asSuperuser(blue, 'SET ROLE app; REVOKE CONNECT ON DATABASE app FROM reader');
  });

  test('is kept by nobody whose name is wrong', async () => {
    const plan = { ...lab.plan(), keep: { blue: ['reader', 'graphana'], green: ['reader'] } };
    const walk = walkWith(lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk)).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- every role that is kept exists, and only reads: closed, got no role 'graphana' on 'blue'; correct the list of kept roles, or revoke what it may write`,
    );
  });

  test('is kept by nobody who may write: no fence would keep their writes from the old writer', async () => {
    const { blue } = lab;
    await blue.admin.query('GRANT UPDATE ON shop.customers TO reader');
    const walk = walkWith(lab, lab.plan(), { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk)).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- every role that is kept exists, and only reads: closed, got role 'reader', which may write to shop.customers on 'blue', also when the new writer is open; correct the list of kept roles, or revoke what it may write`,
    );
    await blue.admin.query('REVOKE UPDATE ON shop.customers FROM reader');
  });

  test('is kept by nobody who may write to another table: the log behind the fence would tell', async () => {
    const { blue } = lab;
    await asSuperuser(
      blue,
      `CREATE ROLE agent LOGIN; CREATE SCHEMA agent AUTHORIZATION agent; CREATE TABLE agent.beat (at timestamptz); ALTER TABLE agent.beat OWNER TO agent; GRANT CONNECT ON DATABASE app TO agent; GRANT INSERT ON pontoon.canary TO agent`,
    );
    const plan = { ...lab.plan(), keep: { blue: ['reader', 'agent'], green: ['reader'] } };
    const said = async (): Promise<string> =>
      await failureOf(
        walkWith(lab, plan, { step: 'gates', edge: 'after' }, () =>
          Promise.reject(new Error('enough')),
        ),
      );
    expect(await said()).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- every role that is kept exists, and only reads: closed, got role 'agent', which may write to agent.beat on 'blue', and undoes the cutover if it does so behind the fence; correct the list of kept roles, or revoke what it may write`,
    );
    await asSuperuser(blue, 'ALTER TABLE agent.beat SET UNLOGGED');
    expect(await said()).toContain('enough');
    await asSuperuser(
      blue,
      'ALTER TABLE agent.beat SET LOGGED; REVOKE USAGE ON SCHEMA agent FROM agent; ALTER SCHEMA agent OWNER TO rdsadmin',
    );
    expect(await said()).toContain('enough');
    await asSuperuser(blue, 'DROP SCHEMA agent CASCADE; DROP OWNED BY agent; DROP ROLE agent');
  });

  test('is kept by nobody who may become somebody who may write', async () => {
    await lab.blue.admin.query('CREATE ROLE hidden LOGIN NOINHERIT IN ROLE app');
    const plan = { ...lab.plan(), keep: { blue: ['reader', 'hidden'], green: ['reader'] } };
    const walk = walkWith(lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await failureOf(walk)).toContain(
      `got role 'hidden', which may write to shop.counters on 'blue', also when the new writer is open; correct the list`,
    );
    await lab.blue.admin.query('DROP ROLE hidden');
  });

  test('is kept by no superuser', async () => {
    const plan = { ...lab.plan(), keep: { blue: ['reader', 'rdsadmin'], green: ['reader'] } };
    const session = await lab.blue.superuser();
    const walk = walkWith(lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
    const said = await failureOf(walk.finally(() => session.end()));
    expect(said).toContain(
      `got role 'rdsadmin', which may write to shop.counters on 'blue', also when the new writer is open; correct the list`,
    );
    expect(said).toContain(`- no superuser is at work on the old writer: closed, got 'rdsadmin'`);
  });

  test.each([
    ['pg_signal_backend', "no right to end those of 'app' on 'blue'"],
    ['pg_read_all_stats', "no right to see the sessions of others on 'blue'"],
  ])('is of no use if their sessions stay: %s closes a gate', async (role, found) => {
    // Both reach the administrator by way of others, and so are taken from those.
    const members = await asSuperuser(
      lab.blue,
      `SELECT m.member::regrole::text AS name FROM pg_auth_members m WHERE m.roleid = '${role}'::regrole`,
    );
    const each = (verb: string): string =>
      members.map(({ name }) => `${verb.replace('$', String(name))};`).join('');
    await asSuperuser(lab.blue, each(`REVOKE ${role} FROM $ CASCADE`));
    const walk = walkWith(lab, lab.plan(), { step: 'gates', edge: 'after' }, async () => undefined);
    const said = await failureOf(walk);
    await asSuperuser(lab.blue, each(`GRANT ${role} TO $ WITH ADMIN OPTION`));
    expect(said).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- the runner may see and end the sessions of applications on the old writer: closed, got ${found}; make its role a member of pg_monitor and of pg_signal_backend`,
    );
  });

  test('is given back as it was before the guard, when the guard is lifted', async () => {
    const { green } = lab;
    await lab.drop(green, { kind: 'connection-guard', keep: ['reader'] });
    await green.admin.query('GRANT CONNECT ON DATABASE app TO app WITH GRANT OPTION');
    const before = await access(green);
    await lab.apply(green, { kind: 'connection-guard', keep: ['reader'] });
    expect(await access(green)).not.toEqual(before);
    await lab.drop(green, { kind: 'connection-guard', keep: ['reader'] });
    expect(await access(green)).toEqual(before);
    await lab.apply(green, { kind: 'connection-guard', keep: ['reader'] });
    await walkWith(lab, lab.plan(), { step: 'gates', edge: 'after' }, async () => undefined);
    expect(await access(green)).toEqual(before);
  });
});
