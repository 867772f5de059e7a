import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { supports } from '../../../lib/postgres';
import {
  BASE_BACKUP_STAND_IN,
  createStandby,
  randomPassword,
  type Server,
  Workspace,
} from '../../../lib/rehearsal/servers';
import { startTestServer, TEST_MAJORS, type TestServer } from '../../servers';
import { eventually } from './eventually';

const role = { user: 'repl: "odd"', password: `it's:\\a "${randomPassword()}` };

const temporaryFile = join('base', 'pgsql_tmp_left_by_a_crash');
const tested = new Set<string>();

/** A test named after one of the behaviours that the stand-in promises. */
function behaviour(name: string, test: () => Promise<void>): void {
  tested.add(name);
  it(name, test);
}

async function makeRole(client: Client): Promise<void> {
  await client.query(
    `CREATE ROLE ${client.escapeIdentifier(role.user)} LOGIN REPLICATION PASSWORD ${client.escapeLiteral(role.password)}`,
  );
}

async function ask<Row>(server: Server, query: string): Promise<readonly Row[]> {
  const client = new Client(server.controlConfig());
  await client.connect();
  const { rows } = await client.query(query).finally(() => client.end());
  return rows as Row[];
}

async function untilReplayed(from: Server, to: Server): Promise<void> {
  const [position] = await ask<{ lsn: string }>(from, 'SELECT pg_current_wal_flush_lsn() AS lsn');
  await eventually(async () => {
    const [row] = await ask<{ done: boolean }>(
      to,
      `SELECT pg_last_wal_replay_lsn() >= '${position?.lsn}' AS done`,
    );
    return row?.done === true;
  });
}

describe.each(TEST_MAJORS)('a standby of PostgreSQL %i', (major) => {
  let primary: TestServer;
  let standby: Server;
  let cascade: Server;

  beforeAll(async () => {
    primary = await startTestServer({
      name: 'onPremises',
      major,
      settings: { wal_level: 'logical' },
    });
    const client = await primary.client();
    await makeRole(client);
    await client.query('CREATE TABLE t (id int PRIMARY KEY)');
    await client.query('CREATE UNLOGGED TABLE u (id int)');
    await client.query("SELECT pg_create_physical_replication_slot('of_the_primary')");
    await writeFile(join(primary.server.dataDirectory, temporaryFile), '');
    const writing = new AbortController();
    const writer = writeUntil(await primary.client(), writing.signal);
    const made = await createStandby(primary.workspace, {
      name: 'standby',
      upstream: primary.server,
      role,
      slot: 'standby',
      copyBy: 'stand-in',
      settings: { wal_level: 'logical', hot_standby_feedback: 'on' },
    });
    writing.abort();
    await writer;
    expect(made.standIn).toBe(BASE_BACKUP_STAND_IN);
    standby = made.server;
    await standby.start();
    const second = await createStandby(primary.workspace, {
      name: 'cascade',
      upstream: standby,
      role,
      slot: 'cascade',
      copyBy: 'stand-in',
    });
    cascade = second.server;
    await cascade.start();
  });
  afterAll(() => primary.stop());

  const hasEveryRow = async (server: Server): Promise<void> => {
    const [expected] = await ask<{ count: string }>(primary.server, 'SELECT count(*) FROM t');
    expect(Number(expected?.count)).toBeGreaterThan(0);
    await untilReplayed(primary.server, server);
    expect(await ask(server, 'SELECT count(*), pg_is_in_recovery() AS follows FROM t')).toEqual([
      { ...expected, follows: true },
    ]);
  };

  behaviour('copies a primary that is being written to, without stopping it', () =>
    hasEveryRow(standby),
  );

  behaviour('copies a standby', () => hasEveryRow(cascade));

  behaviour(
    'makes the copy a standby that names its slot, its certificate and a password file',
    async () => {
      const query = `SELECT s.slot_name, r.application_name, r.usename, l.ssl
                     FROM pg_replication_slots s
                     JOIN pg_stat_replication r ON r.pid = s.active_pid
                     JOIN pg_stat_ssl l ON l.pid = r.pid`;
      const common = { usename: role.user, ssl: true };
      expect(await ask(primary.server, query)).toEqual([
        { slot_name: 'standby', application_name: 'standby', ...common },
      ]);
      expect(await ask(standby, query)).toEqual([
        { slot_name: 'cascade', application_name: 'cascade', ...common },
      ]);
      const auto = await readFile(join(standby.dataDirectory, 'postgresql.auto.conf'), 'utf8');
      for (const part of ['passfile=', 'sslrootcert=', "sslmode=''verify-full''"]) {
        expect(auto).toContain(part);
      }
      expect(auto).not.toContain(role.password.slice(-20));
    },
  );

  behaviour(
    'leaves out slots, temporary files and what belongs to the running server',
    async () => {
      const [row] = await ask<{ slots: readonly string[] }>(
        standby,
        'SELECT array_agg(slot_name::text) AS slots FROM pg_replication_slots',
      );
      expect(row?.slots).toEqual(['cascade']);
      expect(existsSync(join(primary.server.dataDirectory, temporaryFile))).toBe(true);
      expect(existsSync(join(standby.dataDirectory, temporaryFile))).toBe(false);
      const pid = await readFile(join(standby.dataDirectory, 'postmaster.pid'), 'utf8');
      expect(Number(pid.split('\n')[0])).toBe(standby.pid);
    },
  );

  if (supports(major, 'standby-logical-decoding')) {
    it('decodes on the standby', async () => {
      const client = new Client(standby.controlConfig());
      await client.connect();
      const created = client.query(
        "SELECT pg_create_logical_replication_slot('decode', 'test_decoding')",
      );
      await eventually(async () => {
        await ask(primary.server, 'SELECT pg_log_standby_snapshot()');
        const [row] = await ask<{ ready: boolean }>(
          standby,
          "SELECT confirmed_flush_lsn IS NOT NULL AS ready FROM pg_replication_slots WHERE slot_name = 'decode'",
        );
        return row?.ready === true;
      });
      await created;
      await ask(primary.server, 'INSERT INTO t VALUES (-1)');
      await untilReplayed(primary.server, standby);
      const { rows } = await client.query(
        "SELECT data FROM pg_logical_slot_get_changes('decode', NULL, NULL) WHERE data LIKE 'table%'",
      );
      await client.end();
      expect(rows).toEqual([{ data: 'table public.t: INSERT: id[integer]:-1' }]);
    });
  }
});

describe('the stand-in for pg_basebackup', () => {
  let primary: TestServer;
  const options = { name: 'b', slot: 'b', role, copyBy: 'stand-in' } as const;
  beforeAll(async () => {
    primary = await startTestServer({ major: 17 });
    await makeRole(await primary.client());
  });
  afterAll(() => primary.stop());

  behaviour(
    'brings the WAL along that makes the copy consistent, so that it starts without the primary',
    async () => {
      const client = await primary.client();
      await client.query('CREATE TABLE kept AS SELECT 1 AS id');
      const { server } = await createStandby(primary.workspace, {
        ...options,
        upstream: primary.server,
        slot: 'alone',
      });
      await primary.server.kill();
      await server.start();
      expect(await ask(server, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
      await server.stop('immediate');
      await primary.server.start();
    },
  );

  behaviour(
    'creates the physical slot with WAL reserved before it copies, and refuses a name that is taken',
    async () => {
      const taken = { ...options, slot: 'taken', upstream: primary.server };
      await createStandby(primary.workspace, taken);
      expect(
        await ask(
          primary.server,
          "SELECT restart_lsn IS NOT NULL AS reserved FROM pg_replication_slots WHERE slot_name = 'taken'",
        ),
      ).toEqual([{ reserved: true }]);
      await expect(createStandby(primary.workspace, taken)).rejects.toThrow(
        'replication slot "taken" already exists',
      );
    },
  );

  behaviour('uses a slot that exists when it is told not to create one', async () => {
    await ask(primary.server, "SELECT pg_create_physical_replication_slot('given')");
    const { server } = await createStandby(primary.workspace, {
      ...options,
      slot: 'given',
      upstream: primary.server,
      createSlot: false,
    });
    await server.start();
    await eventually(async () => {
      const [row] = await ask<{ active: boolean }>(
        primary.server,
        "SELECT active FROM pg_replication_slots WHERE slot_name = 'given'",
      );
      return row?.active === true;
    });
    await server.stop('immediate');
  });

  behaviour(
    'connects as the replication role, with TLS verified: pg_hba, password and REPLICATION count',
    async () => {
      await ask(primary.server, "CREATE ROLE plain LOGIN PASSWORD 'secret'");
      const attempt = (user: string, password: string) =>
        createStandby(primary.workspace, {
          ...options,
          upstream: primary.server,
          slot: 'refused',
          role: { user, password },
        });
      await expect(attempt('plain', 'secret')).rejects.toThrow(
        /permission denied to start WAL sender/,
      );
      await expect(attempt(role.user, 'wrong')).rejects.toThrow(/password authentication failed/);
      await primary.server.setHba(['hostssl all all 127.0.0.1/32 scram-sha-256']);
      await expect(attempt(role.user, role.password)).rejects.toThrow(
        /no pg_hba.conf entry for replication connection/,
      );
      await primary.server.setHba(['hostssl replication all 127.0.0.1/32 scram-sha-256']);
    },
  );

  behaviour('refuses a server with tablespaces', async () => {
    const place = await primary.workspace.makeDirectory('space');
    await ask(primary.server, `CREATE TABLESPACE "a space" LOCATION '${place}'`);
    await expect(
      createStandby(primary.workspace, { ...options, upstream: primary.server }),
    ).rejects.toThrow(
      'a standby of server "test" cannot be made while it has tablespaces, got "a space"; both servers are on this machine and would share their directories',
    );
  });
});

it('has a test for each behaviour', () => {
  expect([...tested].sort()).toEqual([...BASE_BACKUP_STAND_IN.behaviours].sort());
});

describe('an installed pg_basebackup', () => {
  it('copies where it is found', async () => {
    const workspace = await Workspace.open();
    try {
      const primary = await startTestServer({ major: 15, workspace });
      await makeRole(await primary.client());
      const { server, standIn } = await createStandby(workspace, {
        name: 'b',
        upstream: primary.server,
        role,
        slot: 'b',
      });
      await server.start();
      await untilReplayed(primary.server, server);
      expect(standIn === undefined || standIn === BASE_BACKUP_STAND_IN).toBe(true);
      await primary.stop();
    } finally {
      await workspace.dispose();
    }
  });
});

async function writeUntil(client: Client, signal: AbortSignal): Promise<void> {
  for (let id = 1; !signal.aborted; id += 1) {
    await client.query('INSERT INTO t VALUES ($1)', [id]);
    // Slow enough to leave the processor to the copy.
    await delay(2);
  }
}
