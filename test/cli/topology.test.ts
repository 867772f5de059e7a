import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordedMigration, writeAssembly } from './assembly';
import { pontoon } from './command-line';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const DIAGRAM = `flowchart LR
  s0[("onPremises<br/>self-managed<br/>PostgreSQL 17<br/>database shop")]
  s1[("standby<br/>Amazon EC2<br/>PostgreSQL 17<br/>database shop")]
  s2[("aurora<br/>Amazon Aurora<br/>PostgreSQL 17<br/>database shop")]
  s0 ==>|"streaming replication<br/>slot pontoon_standby"| s1
  s1 -->|"AWS DMS<br/>slot pontoon_aurora"| s2
`;

test('draws the migration of an assembly', async () => {
  writeAssembly(directory, { Shop: { Migration: recordedMigration('shop') } });
  expect(await pontoon(['diagram', '--app', directory])).toEqual({
    code: 0,
    stdout: DIAGRAM,
    stderr: '',
  });
  const json = await pontoon(['diagram', '--app', '.', '--json'], { directory });
  expect(JSON.parse(json.stdout)).toEqual({ diagram: DIAGRAM });
});

test('draws a topology from a file', async () => {
  const { topology } = recordedMigration('shop');
  writeFileSync(join(directory, 'topology.json'), JSON.stringify(topology));
  const { code, stdout } = await pontoon(['diagram', '--topology', 'topology.json'], { directory });
  expect({ code, stdout }).toEqual({ code: 0, stdout: DIAGRAM });
});

test('wants one migration, and names those there are', async () => {
  const migration = recordedMigration('shop');
  writeAssembly(directory, { One: { A: migration }, Two: { B: migration, C: migration } });
  const run = async (...args: string[]) => {
    const { code, stderr } = await pontoon(['diagram', '--app', directory, ...args]);
    return { code, stderr };
  };
  expect(await run()).toEqual({
    code: 2,
    stderr:
      "pontoon: the cloud assembly must have one stack with a migration, got 'One', 'Two'; name one by '--stack'\n",
  });
  expect(await run('--stack', 'Two')).toEqual({
    code: 2,
    stderr:
      "pontoon: stack 'Two' must record one migration to rehearse, got 'B', 'C'; name one of them by 'migration'\n",
  });
  expect(await run('--stack', 'Three')).toEqual({
    code: 2,
    stderr:
      'pontoon: stack "Three" must be in the cloud assembly, got "One", "Two"; name one of them or synthesize again\n',
  });
  expect(await run('--stack', 'Two', '--migration', 'C')).toEqual({ code: 0, stderr: '' });
});

test('lists everything that is wrong with a topology', async () => {
  const topology = {
    servers: { a: { platform: 'cloud', majorVersion: 'x', database: 'd' } },
    links: [{ kind: 'dms', to: 'a', frob: 1 }],
    more: true,
  };
  writeFileSync(join(directory, 'topology.json'), JSON.stringify(topology));
  expect(await pontoon(['diagram', '--topology', 'topology.json'], { directory })).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: the topology has 5 problems:
- 'servers.a.platform' must be one of 'self-managed', 'ec2', 'aurora', 'rds', 'oci-vm', 'oci-postgresql', got "cloud"; pick one
- 'servers.a.majorVersion' must be a whole number of at least 1, got "x"; correct it
- 'links[0].from' must be given, got nothing; add it
- 'links[0].frob' is not known here; remove it or correct its name
- 'more' is not known here; remove it or correct its name
`,
  });
});

test('writes the runbook of an assembly’s source, with the addresses that it knows', async () => {
  writeAssembly(directory, { Shop: { Migration: recordedMigration('shop') } });
  const { code, stdout } = await pontoon(['runbook', '--app', directory]);
  expect(code).toBe(0);
  expect(stdout).toContain('# Prepare `onPremises`');
  expect(stdout).toContain('hostssl "shop" "admin" 10.0.2.0/24 scram-sha-256');
  expect(stdout).toContain('| `standby` | 5433 | base backup and streaming |');
  expect(stdout).toContain('CREATE ROLE "admin" LOGIN REPLICATION CREATEROLE;');
});

test('writes a runbook with other addresses and roles', async () => {
  writeAssembly(directory, { Shop: { Migration: recordedMigration('shop') } });
  const access = ['--administrator', 'boss', '--address', 'runner=10.9.0.0/16'];
  const standby = ['--address', 'standby=10.8.0.1/32', '--role', 'standby=copier'];
  const { code, stdout } = await pontoon([
    ...['runbook', '--app', directory, '--json', '--port', '6432'],
    ...access,
    ...standby,
  ]);
  const { server, runbook } = JSON.parse(stdout);
  expect({ code, server }).toEqual({ code: 0, server: 'onPremises' });
  expect(runbook).toContain('hostssl "shop" "boss" 10.9.0.0/16 scram-sha-256');
  expect(runbook).toContain('hostssl replication "copier" 10.8.0.1/32 scram-sha-256');
  expect(runbook).toContain('TCP port 6432');
});

test('says what an option or a topology lacks', async () => {
  const { topology } = recordedMigration('shop');
  const { aurora } = topology.servers;
  writeFileSync(join(directory, 'chain.json'), JSON.stringify(topology));
  writeFileSync(
    join(directory, 'managed.json'),
    JSON.stringify({ servers: { aurora }, links: [] }),
  );
  writeAssembly(directory, {});
  const run = async (...args: string[]) => await pontoon(args, { directory });
  const refused = (message: string) => ({ code: 2, stdout: '', stderr: `pontoon: ${message}\n` });
  expect(await run('runbook', '--topology', 'chain.json', '--address', 'runner')).toEqual(
    refused(
      "'--address' must be written as KEY=VALUE, got \"runner\"; see 'pontoon runbook --help'",
    ),
  );
  expect(await run('runbook', '--topology', 'managed.json')).toEqual(
    refused(
      "the topology must have a server that sends to others, got none; name one by '--server'",
    ),
  );
  expect(await run('diagram', '--app', '.')).toEqual(
    refused(
      'the cloud assembly must have one stack with a migration, got none; add a HybridMigration to a stack',
    ),
  );
});

test('says which addresses are missing, or known only at deployment', async () => {
  const migration = recordedMigration('shop');
  const source = { ...migration.source, hba: '{"Fn::Join":["",["hostssl …"]]}' };
  writeAssembly(directory, { Shop: { Migration: { ...migration, source } } });
  expect(await pontoon(['runbook', '--app', directory])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: '--address' must be given, since the assembly's networks are known only at deployment; name them as WHO=CIDR\n",
  });
  const some = ['--administrator', 'boss', '--address', 'runner=10.9.0.0/16'];
  expect(await pontoon(['runbook', '--app', directory, ...some])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: access to 'onPremises': 'addresses.standby' must be given, since 'standby' connects to 'onPremises' for base backup and streaming, got nothing; name its network\n",
  });
  writeFileSync(join(directory, 't.json'), JSON.stringify(migration.topology));
  expect(await pontoon(['runbook', '--topology', 't.json'], { directory })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: '--administrator' and '--address' must be given, since the topology says nothing of them; see 'pontoon runbook --help'\n",
  });
});
