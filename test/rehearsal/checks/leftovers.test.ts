import { leftoversOn, rolesOn } from '../../../lib/rehearsal/checks/leftovers';
import { createServer, type Server, Workspace } from '../../../lib/rehearsal/servers';
import { asSuperuser } from '../../../lib/rehearsal/source';

let workspace: Workspace;
let server: Server;

beforeAll(async () => {
  workspace = await Workspace.open();
  server = await createServer(workspace, {
    name: 'a',
    major: 17,
    settings: { wal_level: 'logical' },
  });
  await server.start();
});
afterAll(() => workspace.dispose());

test('names what is left, but no role that was there before', async () => {
  const before = await asSuperuser(server, 'postgres', async (client) => {
    await client.query('CREATE ROLE pontoon_of_another_team');
    return await rolesOn(server);
  });
  expect(await leftoversOn(server, 'postgres', before)).toEqual([]);
  await asSuperuser(server, 'postgres', async (client) => {
    await client.query('CREATE ROLE pontoon_reader');
    await client.query('CREATE SCHEMA pontoon');
    await client.query('CREATE PUBLICATION pontoon_all FOR ALL TABLES');
    await client.query(`SELECT pg_create_physical_replication_slot('b')`);
    await client.query(`SELECT pg_replication_origin_create('o')`);
    await client.query(
      `CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    );
  });
  const left = await leftoversOn(server, 'postgres', before);
  expect(left.map((what) => what.replace(/'pg_\d+'/, "'pg_<oid>'"))).toEqual([
    "slot 'b' on 'a'",
    "publication 'pontoon_all' on 'a'",
    "subscription 's' on 'a'",
    "replication origin 'o' on 'a'",
    "replication origin 'pg_<oid>' on 'a'",
    "schema 'pontoon' on 'a'",
    "role 'pontoon_reader' on 'a'",
  ]);
});
