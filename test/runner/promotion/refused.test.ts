import { describeLoss, PontoonError, type Secret } from '../../../lib/postgres';
import { LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { dryRunPromotion, promote } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

let lab: ClusterLab;
beforeAll(async () => {
  lab = await ClusterLab.open({
    major: 17,
    standbys: 2,
    synchronous: { quorum: 1, standbys: ['replica1', 'replica2'] },
  });
});
afterAll(async () => await lab?.close());

/** As if nobody listened there, although the others hear from it. */
function outOfReach(): ReturnType<ClusterLab['input']> {
  const { connections = {}, ...rest } = lab.json() as {
    connections?: Record<string, Record<string, unknown>>;
  };
  const primary = { ...connections[PRIMARY], port: 1 };
  return lab.input({ ...rest, connections: { ...connections, [PRIMARY]: primary } });
}

/** As if the names of `server` had been lost with its region; this one is refused without a question to anybody. */
function nameless(server: string): ReturnType<ClusterLab['input']> {
  const { connections = {}, ...rest } = lab.json() as {
    connections?: Record<string, Record<string, unknown>>;
  };
  const changed = { ...connections[server], host: `${'name'.repeat(16)}.example` };
  return lab.input({ ...rest, connections: { ...connections, [server]: changed } });
}

test('a primary that answers cannot be declared lost', async () => {
  await expect(promote({ input: lab.input(), declareLost: true }, lab)).rejects.toThrow(
    "'primary' must be out of reach to be declared lost, got an answer; leave --declare-lost out, and it is fenced first, so that nothing is lost",
  );
});

test('one that does not answer must be declared lost', async () => {
  await expect(promote({ input: outOfReach() }, lab)).rejects.toThrow(
    /^'primary' must be fenced before another server is promoted, got no answer: server "primary" \(localhost:1, .*ECONNREFUSED.*; make it reachable, or, once you know that it is gone and no client reaches it, say --declare-lost$/,
  );
});

test('one that a standby hears from is not lost', async () => {
  const writers = lab.write(() => PRIMARY);
  await expect(promote({ input: outOfReach(), declareLost: true }, lab)).rejects.toThrow(
    /^'primary' must be gone to be declared lost, got something from it on 'replica[12]' just now; it still works, so make it reachable from here, or stop it$/,
  );
  await writers.stop();
});

test('one that refuses the login is not lost', async () => {
  const secrets = {
    get: async (reference: string) => {
      const secret = await lab.secrets.get(reference);
      return reference === 'secret of primary' ? { ...secret, password: 'wrong' } : secret;
    },
  };
  await expect(promote({ input: lab.input(), declareLost: true }, { secrets })).rejects.toThrow(
    /^'primary' must let us in or be gone, got an answer nevertheless: .*28P01.*; clients may still write there, so stop it, or let us in$/,
  );
});

test.each([undefined, Object.assign(new Error('no route'), { code: 'ETIMEDOUT' })])(
  'a primary whose login nobody can read is neither lost nor said to answer (%#)',
  async (cause) => {
    const get = async (reference: string): Promise<Secret> => {
      if (reference !== 'secret of primary') return await lab.secrets.get(reference);
      const said = `secret '${reference}' must be readable, got a timeout; reach the vault`;
      throw new PontoonError('SECRET_UNAVAILABLE', said, { cause });
    };
    // While no standby hears from it.
    await lab.cutOff();
    const request = { input: lab.input(), declareLost: true };
    const expected = {
      code: 'SECRET_UNAVAILABLE',
      message: `the logins of 'primary' must be readable, also of a server that is lost, got: secret 'secret of primary' must be readable, got a timeout; reach the vault; if they cannot be, write {"username": "…", "password": "…"} to a file of mode 0600, and give "secret": "file:/path" in their connections`,
    };
    await expect(promote(request, { secrets: { get } })).rejects.toMatchObject(expected);
    await expect(dryRunPromotion(request, { secrets: { get } })).rejects.toMatchObject(expected);
    await lab.server(PRIMARY).setHba(LOOPBACK_HBA);
    await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  },
);

test('a dry run shows every statement, and changes nothing', async () => {
  const found = await dryRunPromotion({ input: lab.input({ to: 'replica2' }) }, lab);
  expect(found).toMatchObject({ to: 'replica2', fenced: true, loss: { kind: 'nothing' } });
  const lines = found.actions.map(({ step, server, what }) => `${step} ${server}: ${what}`);
  const port = lab.server('replica2').port;
  expect(
    lines.map((line) =>
      line.replaceAll(String(port), 'PORT').replaceAll(/'[^' ]*pontoon-[^' ]*'/g, "'…'"),
    ),
  ).toMatchSnapshot();
  expect(await lab.ask('replica2', 'SELECT pg_is_in_recovery() AS it')).toEqual([{ it: true }]);
  expect(await lab.ask('replica2', 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
});

test('a quorum that the primary has not noted does not count', async () => {
  const request = { input: outOfReach(), declareLost: true };
  const noted = 'ANY 1 ("replica1", "replica2")';
  await lab.note('ANY 1 ("replica1")');
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  await expect(dryRunPromotion(request, lab)).rejects.toThrow(
    /^'primary' must have noted that its commits wait for ANY 1 \("replica1", "replica2"\), as the topology says, got ANY 1 \("replica1"\) on 'replica[12]'; give 'synchronous' as it was in force, or say --accept-loss, and it counts as asynchronous$/,
  );
  expect((await dryRunPromotion({ input: lab.input() }, lab)).remarks).toEqual([
    `if 'primary' were lost now, this would be refused: 'primary' must have noted that its commits wait for ANY 1 ("replica1", "replica2"), as the topology says, got ANY 1 ("replica1") on 'primary'; give 'synchronous' as it was in force, or say --accept-loss, and it counts as asynchronous`,
  ]);
  const { loss } = await dryRunPromotion({ ...request, acceptLoss: true }, lab);
  expect(loss).toMatchObject({ kind: 'everything-after' });
  await lab.note(noted);
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  expect(await dryRunPromotion(request, lab)).toMatchObject({
    loss: { kind: 'nothing-acknowledged' },
    remarks: [],
  });
});

test('where a quorum may have what nobody has who answers, it must be said', async () => {
  await lab.server('replica2').stop();
  await lab.server(PRIMARY).kill();
  const request = { input: nameless('replica2'), declareLost: true };
  await expect(promote(request, lab)).rejects.toThrow(
    "2 of 'replica1', 'replica2' must answer, so that one of them has every acknowledged commit, got 1; make another one reachable, or say --accept-loss",
  );
  const { to, loss } = await promote({ ...request, acceptLoss: true }, lab);
  expect(to).toBe('replica1');
  expect(describeLoss(loss, PRIMARY)).toMatch(
    /^what 'primary' wrote after [0-9A-F/]+ is lost, acknowledged or not: how much that is nobody knows until it is back$/,
  );
});
