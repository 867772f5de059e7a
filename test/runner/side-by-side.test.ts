import { DatabaseRight, namesOf, type ObjectSpec, slotNameOf } from '../../lib/postgres';
import { apply, drop, staticSecrets } from '../../lib/runner';
import { hybridChain } from '../postgres/hybrid-chain';
import { startTestServer, type TestServer } from '../servers';

const SECRETS = staticSecrets({
  pontoon: { username: 'pontoon_standby', password: 'correct' },
  orders: { username: 'orders_standby', password: 'horse' },
});

/** What a migration makes on its source. */
function objects(namePrefix: string): ObjectSpec[] {
  const topology = { ...hybridChain(), namePrefix };
  const { standbyRole, heartbeat, replication } = namesOf(topology);
  const [link] = topology.links;
  return [
    { kind: 'ledger' },
    { kind: 'heartbeat', name: heartbeat },
    {
      kind: 'role',
      name: standbyRole,
      secret: namePrefix,
      memberOf: [],
      database: [DatabaseRight.CONNECT],
      readSchemas: [],
      writeSchemas: [],
      createInSchemas: [],
      replication: true,
    },
    { kind: 'physical-slot', name: link === undefined ? '' : slotNameOf(topology, link) },
    {
      kind: 'publication',
      name: replication,
      selection: { tables: [{ schema: 'public', name: 'orders' }] },
      viaPartitionRoot: false,
    },
  ];
}

let pg: TestServer;
beforeAll(async () => {
  pg = await startTestServer({ settings: { wal_level: 'logical' } });
});
afterAll(() => pg.stop());

test('two migrations of one database live side by side, and each takes away its own', async () => {
  const client = await pg.client();
  await client.query('CREATE TABLE orders (id int PRIMARY KEY)');
  const request = (owner: string) => (spec: ObjectSpec) => ({ server: 'onPremises', spec, owner });
  const there = async () => {
    const { rows } = await client.query(`
      SELECT slot_name::text AS name FROM pg_replication_slots
      UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE '%standby'
      UNION ALL SELECT pubname FROM pg_publication
      UNION ALL SELECT relname FROM pg_class WHERE relname LIKE '%heartbeat' ORDER BY 1`);
    return rows.map(({ name }) => name);
  };
  for (const owner of ['pontoon', 'orders'])
    for (const made of objects(owner).map(request(owner))) await apply({ client }, SECRETS, made);
  const orders = ['orders', 'orders_heartbeat', 'orders_standby', 'orders_standby'];
  expect(await there()).toEqual([
    'heartbeat',
    ...orders,
    'pontoon',
    'pontoon_standby',
    'pontoon_standby',
  ]);
  for (const made of objects('pontoon').reverse().map(request('pontoon')))
    await drop({ client }, SECRETS, made);
  expect(await there()).toEqual(orders);
  for (const made of objects('orders').reverse().map(request('orders')))
    await drop({ client }, SECRETS, made);
  expect(await there()).toEqual([]);
  const { rows } = await client.query("SELECT to_regnamespace('pontoon') AS ledger");
  expect(rows).toEqual([{ ledger: null }]);
});
