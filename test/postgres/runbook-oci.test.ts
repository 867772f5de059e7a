import type { Client } from 'pg';
import {
  createTopology,
  deriveHba,
  LinkKind,
  Platform,
  renderCutoverRunbook,
  renderRunbook,
  type Topology,
} from '../../lib/postgres';
import { startTestServer, type TestServer } from '../servers';

/** Two databases of OCI, from a major to the next one. */
function topologyOf(blue: number, kind: LinkKind.NATIVE | LinkKind.PGLOGICAL): Topology {
  const server = { platform: Platform.OCI_POSTGRESQL, database: 'shop' };
  return createTopology({
    servers: {
      blue: { ...server, majorVersion: blue },
      green: { ...server, majorVersion: blue + 1 },
    },
    links: [{ kind, from: 'blue', to: 'green', selection: { schemas: ['shop'] } }],
  });
}

function pageOf(topology: Topology): string {
  const hba = deriveHba(topology, 'blue', {
    administrator: 'pontoon_admin',
    addresses: { runner: ['10.150.4.0/24'], green: ['10.150.2.0/24'] },
  });
  return renderRunbook(topology, { server: 'blue', administrator: 'pontoon_admin', hba });
}

const OTHERS =
  /\baws|\brds|aurora|cdk|CloudFormation|(?<!pulumi )\bstack\b|\bVPC|pg_hba|ALTER SYSTEM/i;

test.each([
  { major: 15, kind: LinkKind.PGLOGICAL } as const,
  { major: 16, kind: LinkKind.NATIVE } as const,
])('the pages of a database of OCI with PostgreSQL $major', ({ major, kind }) => {
  const topology = topologyOf(major, kind);
  const pages = [pageOf(topology), renderCutoverRunbook(topology, 'blue')].join('\n');
  expect(pages).not.toMatch(OTHERS);
  expect(pageOf(topology)).toMatchSnapshot();
});

test('natively before PostgreSQL 16 it says that subscribing may be refused', () => {
  expect(pageOf(topologyOf(15, LinkKind.NATIVE))).toContain(
    'A subscription, such as that of the way back, is created by superusers only on stock PostgreSQL before 16. Whether OCI’s administrator may is not known: try `CREATE SUBSCRIPTION` in a database without data, or replicate by pglogical (`replication.method`).',
  );
});

test('the way back goes by what carries the way there', () => {
  const byPglogical = renderCutoverRunbook(topologyOf(15, LinkKind.PGLOGICAL), 'blue');
  expect(byPglogical).toContain('flows to `blue`, by a subscription of pglogical. A rollback');
  const natively = renderCutoverRunbook(topologyOf(16, LinkKind.NATIVE), 'blue');
  expect(natively).toContain('flows to `blue`, by a native subscription. A rollback');
});

test('an owner’s own server that leads to OCI is checked by a topology too', () => {
  const { servers, links } = topologyOf(16, LinkKind.NATIVE);
  const blue = { platform: Platform.SELF_MANAGED, majorVersion: 16, database: 'shop' };
  const page = pageOf(createTopology({ servers: { ...servers, blue }, links }));
  expect(page).toContain('## 2. pg_hba.conf');
  expect(page).toContain('pontoon preflight --topology topology.json --bindings bindings.json');
  expect(page).not.toContain('cdk');
});

describe('its SQL', () => {
  let pg: TestServer;
  let superuser: Client;

  beforeAll(async () => {
    pg = await startTestServer({ name: 'blue', major: 16 });
    superuser = await pg.client();
    await superuser.query('CREATE ROLE app_owner');
    await superuser.query('CREATE ROLE pontoon_admin LOGIN');
    await superuser.query('CREATE DATABASE shop OWNER app_owner');
    superuser = await pg.client('shop');
    await superuser.query('CREATE SCHEMA shop AUTHORIZATION app_owner');
  });
  afterAll(() => pg.stop());

  test.each([LinkKind.NATIVE, LinkKind.PGLOGICAL] as const)(
    'runs as it stands, and grants what its queries list, where %s carries tables',
    async (kind) => {
      const [before = '', after = ''] = pageOf(topologyOf(16, kind)).split('## 6. Undo');
      await execute(superuser, before);
      const { rows } = await superuser.query(
        `SELECT r.rolreplication AS replication, r.rolcreaterole AS roles, pg_has_role(r.oid, 'app_owner', 'USAGE') AS owner,
  pg_has_role(r.oid, 'pg_create_subscription', 'USAGE') AS subscribes,
  has_function_privilege(r.oid, 'pg_replication_origin_create(text)', 'EXECUTE') AS origins
FROM pg_roles r WHERE rolname = 'pontoon_admin'`,
      );
      const native = kind === LinkKind.NATIVE;
      expect(rows).toEqual([
        { replication: true, roles: true, owner: true, subscribes: native, origins: !native },
      ]);
      await execute(superuser, after);
      const left = await superuser.query(`SELECT FROM pg_roles WHERE rolname = 'pontoon_admin'`);
      expect(left.rowCount).toBe(0);
      await superuser.query('CREATE ROLE pontoon_admin LOGIN');
    },
  );
});

/** Runs every SQL of `markdown`; what a query returns as statements is run too, as the text says. */
async function execute(client: Client, markdown: string): Promise<void> {
  const blocks = [...markdown.matchAll(/^```sql\n([\s\S]*?)\n```$/gm)].map(([, sql]) => sql);
  expect(blocks.length).toBeGreaterThan(0);
  for (const statement of blocks.flatMap((block) => (block ?? '').split(/(?<=;)\n/))) {
    const { rows } = await client.query(statement);
    for (const row of rows) if (typeof row.grant === 'string') await client.query(row.grant);
  }
}
