import { access, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { createStandby } from '../../../lib/rehearsal/servers';
import { findClientTool } from '../../../lib/rehearsal/servers/binaries';
import { sampled } from '../../faults/matrix';
import { type TestServer, withServers } from '../../servers';
import {
  ADMIN,
  type CommandEnd,
  type CopyOptions,
  copy,
  describeSchemas,
  prepareTarget,
} from './copied';
import { processList } from './process-list';
import { RICH_SCHEMA } from './rich-schema';

const SCHEMAS = ['shop', 'we"ird.*'];

/** Copies, and compares what is there with what was copied. */
async function expectCopy(
  source: Parameters<typeof copy>[0][0],
  target: TestServer,
  options?: CopyOptions,
): Promise<CommandEnd> {
  const result = await copy([source, target], SCHEMAS, options);
  expect(result.StandardErrorContent).toBe('');
  expect(result.Status).toBe('Success');
  const there = new Client(source.server.controlConfig('shop'));
  await there.connect();
  const wanted = await describeSchemas(there, SCHEMAS).finally(() => there.end());
  expect(await describeSchemas(await target.client('shop'), SCHEMAS)).toEqual(wanted);
  return result;
}

async function makeSource(source: TestServer): Promise<void> {
  await (await source.client()).query('CREATE DATABASE shop');
  await (await source.client('shop')).query(RICH_SCHEMA);
}

// Debian's programs are of 15; the stand-ins copy from the others.
const PAIRS = sampled(
  [
    [15, 17],
    [17, 17],
    [16, 18],
    [14, 15],
  ] as const,
  ([from]) => from === 15 || from === 16,
);

test.each(PAIRS)('copies a rich schema from %i to %i', async (from, to) => {
  await withServers(
    [
      { major: from, superuser: 'postgres' },
      { major: to, superuser: 'rdsadmin' },
    ],
    async ([source, target]) => {
      if (source === undefined || target === undefined) throw new Error('two servers');
      await makeSource(source);
      await prepareTarget(target);
      const { standIns } = await expectCopy(source, target);
      const tools = ['pg_dump', 'psql'] as const;
      const found = await Promise.all(tools.map((tool) => findClientTool(from, tool)));
      const missing = found.includes(undefined) ? tools : [];
      expect(standIns.filter((name) => tools.some((tool) => tool === name))).toEqual(missing);
    },
  );
});

test.each([16, 18])('copies from a physical standby of %i', async (major) => {
  const servers = [
    { major, superuser: 'postgres', settings: { wal_level: 'logical' } },
    { major: 18, superuser: 'rdsadmin' },
  ];
  await withServers(servers, async ([primary, target]) => {
    if (primary === undefined || target === undefined) throw new Error('two servers');
    await makeSource(primary);
    const client = await primary.client();
    const role = { user: 'follower', password: 'follows the primary' };
    await client.query(`CREATE ROLE follower LOGIN REPLICATION PASSWORD '${role.password}'`);
    const { workspace, server: upstream } = primary;
    const { server } = await createStandby(workspace, {
      name: 'standby',
      upstream,
      role,
      slot: 'standby',
      settings: { hot_standby_feedback: 'on' },
    });
    await server.start();
    await prepareTarget(target);
    await expectCopy({ server, workspace }, target);
    await server.stop('immediate');
  });
});

/** What the script and the stand-ins call; jq is not among it. */
const NEEDED = 'bash sh awk base64 cat grep mktemp rm sed sleep tail tr'.split(' ');

/** A directory for PATH with `programs` of this machine only. */
async function pathWith({ workspace }: TestServer, programs: readonly string[]): Promise<string> {
  const directory = await workspace.makeDirectory('path');
  for (const program of programs) {
    for (const place of (process.env.PATH ?? '').split(':')) {
      const path = join(place, program);
      const there = await access(path).then(
        () => true,
        () => false,
      );
      if (!there) continue;
      await symlink(path, join(directory, program));
      break;
    }
  }
  return directory;
}

test('copies on a machine without jq, and says what it needs on one without bash', async () => {
  const servers = [
    { major: 17, superuser: 'postgres' },
    { major: 17, superuser: 'rdsadmin' },
  ];
  await withServers(servers, async ([source, target]) => {
    if (source === undefined || target === undefined) throw new Error('two servers');
    await makeSource(source);
    await prepareTarget(target);
    const saved = process.env.PATH;
    try {
      process.env.PATH = await pathWith(
        source,
        NEEDED.filter((name) => name !== 'bash'),
      );
      const failed = await copy([source, target], SCHEMAS);
      expect([failed.Status, failed.StandardErrorContent]).toEqual([
        'Failed',
        "the schema copy of a rehearsal requires bash on this machine, got spawn bash ENOENT; install the package 'bash'",
      ]);
      process.env.PATH = saved;
      process.env.PATH = await pathWith(source, NEEDED);
      expect((await expectCopy(source, target)).standIns).toContain('jq');
    } finally {
      process.env.PATH = saved;
    }
  });
});

// Elsewhere no files show the command lines of processes.
if (process.platform !== 'linux')
  process.stderr.write('schema copy: the process list is not looked at\n');
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('no process has the password among its arguments while the script runs', async () => {
  const servers = [
    { major: 17, superuser: 'postgres' },
    { major: 17, superuser: 'rdsadmin' },
  ];
  await withServers(servers, async ([source, target]) => {
    if (source === undefined || target === undefined) throw new Error('two servers');
    await makeSource(source);
    await prepareTarget(target);
    const escaped = ADMIN.password.replace(/[\\:]/g, '\\$&');
    const spellings = [ADMIN.password, escaped, Buffer.from(ADMIN.password).toString('base64')];
    const seen = new Set<string>();
    const look = (): void => {
      const list = processList() ?? '';
      for (const spelling of spellings) if (list.includes(spelling)) seen.add('the password');
      for (const program of ['get-secret-value', '-v entry='])
        if (list.includes(program)) seen.add(program);
    };
    // It has psql wait, which is gone too fast otherwise.
    const holder = await target.client('shop');
    await holder.query('BEGIN; LOCK TABLE pontoon.objects IN ACCESS EXCLUSIVE MODE');
    let running = true;
    const copying = expectCopy(source, target, { whileFetching: look }).finally(() => {
      running = false;
    });
    while (running) {
      look();
      if (seen.has('-v entry=')) await holder.query('COMMIT');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await copying;
    expect([...seen].sort()).toEqual(['-v entry=', 'get-secret-value']);
  });
});
