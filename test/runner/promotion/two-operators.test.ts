import {
  createTopology,
  LinkKind,
  Platform,
  type PromotionInput,
  plainTopology,
  RejoinMode,
  takePromotionLock,
} from '../../../lib/postgres';
import { type PromotionEvent, promote, rejoin } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

let lab: ClusterLab;
afterEach(async () => await lab?.close());

/** What somebody gives whose topology is of after a promotion of `first`, and whose logins are for another database. */
function ofAnother(first: string, more: Record<string, unknown>): PromotionInput {
  const vm = { platform: Platform.OCI_VM, majorVersion: 17, database: 'postgres' };
  const names = [...lab.servers.keys()];
  const topology = createTopology({
    servers: Object.fromEntries(names.map((name) => [name, vm])),
    links: names.flatMap((to) =>
      to === first ? [] : [{ kind: LinkKind.PHYSICAL, from: first, to }],
    ),
  });
  const { connections } = lab.json() as { connections: Record<string, object> };
  const elsewhere = Object.entries(connections).map(([name, connection]) => [
    name,
    { ...connection, database: 'postgres' },
  ]);
  return lab.input({
    topology: plainTopology(topology),
    connections: Object.fromEntries(elsewhere),
    ...more,
  });
}

test('two operators whose topologies name different primaries promote one server', async () => {
  lab = await ClusterLab.open({ major: 17 });
  await lab.server(PRIMARY).kill();
  let second: Promise<unknown> | undefined;
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind !== 'step' || event.id !== 'silence') return;
    const input = ofAnother('replica1', { from: PRIMARY, to: 'replica3' });
    second = promote({ input, declareLost: true }, lab).catch((error: unknown) => error);
  };
  const input = lab.input({ to: 'replica2' });
  const outcome = await promote({ input, declareLost: true }, { secrets: lab.secrets, onEvent });
  expect(outcome).toMatchObject({ result: 'promoted', to: 'replica2' });
  expect(await second).toMatchObject({
    code: 'HELD',
    message: expect.stringMatching(
      /^the cluster of 'replica1' must have one operator, got another at work on 'replica1' \(pontoon promotion, process \d+\); wait until it has ended$/,
    ),
  });
  expect(await lab.ask('replica3', 'SELECT pg_is_in_recovery() AS it')).toEqual([{ it: true }]);
});

test('whoever promotes keeps others out of every database', async () => {
  lab = await ClusterLab.open({ major: 14, standbys: 1 });
  const root = await lab.client('replica1', 'template1');
  await root.query("SET application_name = 'somebody'");
  await root.query(takePromotionLock().text);
  const held =
    /^the cluster of 'primary' must have one operator, got another at work on 'replica1' \(somebody, process \d+\); wait until it has ended$/;
  await expect(promote({ input: lab.input() }, lab)).rejects.toThrow(held);
  const request = { input: lab.input(), server: 'replica1', mode: RejoinMode.REWIND };
  await expect(rejoin(request, lab)).rejects.toThrow(held);
  await root.end();
  expect(await promote({ input: lab.input() }, lab)).toMatchObject({ result: 'promoted' });
});
