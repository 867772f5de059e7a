import { Client } from 'pg';
import { letApply, type UnwritableTable, unwritableTable } from '../../../lib/postgres';
import { Workspace } from '../../../lib/rehearsal/servers';
import { startTestServer, type TestServer } from '../../servers';

/** A subscription that nothing carries, of a role that was a superuser when it made it. */
const SUBSCRIPTION = `CREATE ROLE runner SUPERUSER; CREATE ROLE other;
CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY); ALTER SCHEMA shop OWNER TO other; ALTER TABLE shop.orders OWNER TO other;
SET ROLE runner; CREATE SUBSCRIPTION backward CONNECTION 'host=127.0.0.1 port=1' PUBLICATION backward WITH (connect = false, slot_name = NONE);
RESET ROLE; ALTER ROLE runner NOSUPERUSER`;

const AS_ITSELF = [
  ['SELECT', 'GRANT USAGE ON SCHEMA "shop" TO "runner"'],
  ['GRANT USAGE ON SCHEMA shop TO runner', 'GRANT "other" TO "runner"'],
  ['GRANT INSERT, UPDATE, DELETE ON shop.orders TO runner', 'GRANT "other" TO "runner"'],
  ['GRANT TRUNCATE ON shop.orders TO runner', 'nothing'],
  ['ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY', 'GRANT "other" TO "runner"'],
  ['GRANT other TO runner', 'nothing'],
  ['ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY', 'ALTER ROLE "runner" BYPASSRLS'],
  ['ALTER ROLE runner BYPASSRLS', 'nothing'],
] as const;

/** Before PostgreSQL 15 workers look at nothing but schemas. */
const UNCHECKED = [AS_ITSELF[0], ['GRANT USAGE ON SCHEMA shop TO runner', 'nothing']] as const;

const AS_OWNER = [
  ['SELECT', 'GRANT USAGE ON SCHEMA "shop" TO "runner"'],
  ['GRANT USAGE ON SCHEMA shop TO runner', 'GRANT "other" TO "runner"'],
  ['GRANT ALL ON shop.orders TO runner', 'GRANT "other" TO "runner"'],
  ['GRANT other TO runner WITH SET FALSE', 'GRANT "other" TO "runner"'],
  ['GRANT other TO runner WITH SET TRUE', 'nothing'],
  ['ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY', 'nothing'],
  ['ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY', 'ALTER ROLE "other" BYPASSRLS'],
  ['ALTER ROLE other BYPASSRLS', 'nothing'],
] as const;

test.each([
  ['writes whatever its rights on PostgreSQL 14', 14, '', UNCHECKED],
  ['writes with its own rights on PostgreSQL 15', 15, '', AS_ITSELF],
  ['writes with those of owners on PostgreSQL 17', 17, '', AS_OWNER],
  [
    'writes with its own rights on PostgreSQL 17 if it says so',
    17,
    'ALTER SUBSCRIPTION backward SET (run_as_owner = true)',
    AS_ITSELF,
  ],
] as const)('a subscription %s', async (_, major, more, steps) => {
  const workspace = await Workspace.open();
  let server: TestServer | undefined;
  try {
    server = await startTestServer({ workspace, major, name: 'old', superuser: 'rdsadmin' });
    const client = new Client(server.server.controlConfig('postgres'));
    await client.connect();
    await client.query(SUBSCRIPTION);
    await client.query(more);
    const { text, values = [] } = unwritableTable({ schemas: ['shop'] }, 'backward', major);
    const seen: (readonly [string, string])[] = [];
    for (const [what] of steps) {
      await client.query(what);
      const { rows } = await client.query<UnwritableTable>(text, [...values]);
      seen.push([what, rows[0] === undefined ? 'nothing' : letApply(rows[0])]);
    }
    await client.end();
    expect(seen).toEqual(steps);
  } finally {
    await server?.stop();
    await workspace.dispose();
  }
});
