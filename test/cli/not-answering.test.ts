import { Client } from 'pg';
import { alone, asSuperuser, killedAt, killedWhen, OWNER, watched } from '../faults/walks';
import { CutoverLab } from '../runner/cutover/lab';
import type { CommandResult } from './command-line';
import { LabDirectory } from './lab-directory';

// What the commands say, and do, while the new writer or the endpoint does not answer.

let lab: CutoverLab;
let directory: LabDirectory;

beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  directory = await LabDirectory.of(lab);
  const { connections } = directory;
  // The deadline passes when a test says so.
  const input = { plan: lab.plan({ budgetMs: 600_000 }), connections };
  directory.write('whole.json', input);
  // Where nobody listens.
  const green = { ...connections.green, host: '127.0.0.1', port: 1 };
  const broken = { ...input, connections: { ...connections, green } };
  directory.write('broken.json', broken);
  const endpoint = {
    kind: 'command',
    sides: { blue: 'B', green: 'G' },
    active: ['false'],
    activate: ['false'],
  };
  directory.write('unled.json', { ...input, endpoint });
});
afterAll(async () => {
  directory.remove();
  await lab.stop();
});

async function command(file: string, ...args: readonly string[]): Promise<CommandResult> {
  const { code, stdout, stderr } = await directory.command([...args, '--file', file]);
  const steady = (text: string): string =>
    text.replace(/\d+(?:\.\d)? (?:ms|s)\b/g, 'N s').replace(/\d+ B behind/, 'N B behind');
  return { code, stdout: steady(stdout), stderr: steady(stderr) };
}

/** What is said of green, by whoever wants it for `purpose`. */
const refusal = (purpose: string): string =>
  `server "green" (127.0.0.1:1, database "app") must let "dbadmin" in for ${purpose} shop, got connect ECONNREFUSED 127.0.0.1:1; start the server, or correct host and port`;

const UNLED =
  "the endpoint of command 'false' must be readable and changeable, got exit code 1 of 'false'; run it by hand to see what it needs";

async function mayConnect(): Promise<boolean> {
  const config = { user: 'app', password: lab.appPassword };
  const application = new Client(lab.blue.server.connectionConfig('app', config));
  return await application.connect().then(
    () => application.end().then(() => true),
    () => false,
  );
}

const passDeadline = (): Promise<unknown> =>
  asSuperuser(lab.blue, 'UPDATE pontoon.cutover SET deadline = fenced_at');

test('status shows the gates although the endpoint does not answer', async () => {
  const { code, stdout, stderr } = await command('unled.json', 'status');
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('migration  shop');
  expect(lines[1]).toBe(`UNREADABLE ${UNLED}`);
  expect(lines).toContain('forward    carrying, N B behind');
  expect(lines).toContain('gate       open: the ledger and the canary are on both servers');
});

test('status shows what answers, and the rest as unreadable', async () => {
  expect(await command('broken.json', 'status')).toEqual({
    code: 3,
    stdout: ['migration  shop', `UNREADABLE ${refusal('status')}`, ''].join('\n'),
    stderr: '',
  });
  const { code, stdout } = await command('broken.json', 'status', '--json');
  expect({ code, found: JSON.parse(stdout) }).toEqual({
    code: 3,
    found: {
      migration: 'shop',
      unreadable: [refusal('status')],
      fenced: [],
      left: [],
      gates: [],
    },
  });
});

test('a walk that cannot begin says which fence an earlier one left, and how it is lifted', async () => {
  await killedAt(lab, lab.plan({ budgetMs: 600_000 }), { step: 'sequences', edge: 'before' });
  expect(await mayConnect()).toBe(false);
  const walk = ['cutover', '--yes', '--owner', OWNER] as const;
  const fenced = `pontoon: ${refusal('cutover')}; 'blue' is still fenced by 'test'`;
  const lift = "'pontoon cutover --lift-expired' opens it, whatever else answers\n";
  expect(await command('broken.json', ...walk)).toEqual({
    code: 1,
    stdout: 'CONNECT_FAILED\n',
    stderr: `${fenced}: run the same again as soon as all servers answer; from its deadline on, in N s, ${lift}`,
  });
  await passDeadline();
  expect(await command('broken.json', ...walk)).toEqual({
    code: 1,
    stdout: 'CONNECT_FAILED\n',
    stderr: `${fenced}, whose deadline has passed: ${lift}`,
  });
  expect((await command('broken.json', 'status')).stdout.split('\n')).toContain(
    'fence      on blue, by test, its deadline has passed: pontoon cutover --lift-expired lifts it, whatever else answers',
  );
});

test('the fence is lifted by the server that answers, and the rest taken back once the other does', async () => {
  const { code, stderr } = await command('broken.json', 'cutover', '--lift-expired');
  expect([code, stderr.includes("'blue' is open again")]).toEqual([1, true]);
  expect(await mayConnect()).toBe(true);
  expect(await command('whole.json', 'cutover', '--lift-expired')).toMatchObject({ code: 0 });
  expect((await command('whole.json', 'status')).stdout).toContain('phase      provisioned\n');
});

test('what was decided for a new writer that never comes back is taken back as the runbook says', async () => {
  const plan = lab.plan({ budgetMs: 600_000 });
  await killedWhen(lab, plan, (services, die) =>
    watched(services, async (work, text = '') => {
      const done = await work();
      return /SET decided_at = coalesce/.test(text) ? await die() : done;
    }),
  );
  await passDeadline();
  const decided = await command('broken.json', 'cutover', '--yes', '--owner', OWNER);
  expect(decided).toEqual({
    code: 1,
    stdout: 'CONNECT_FAILED\n',
    stderr: `pontoon: ${refusal('cutover')}; 'blue' is still fenced by 'test', and 'green' was to be opened and may be open: run the same again as soon as it answers; if it is gone for good, see UNDECIDED in 'pontoon runbook' before anything is lifted by hand\n`,
  });
  expect((await command('broken.json', 'cutover', '--lift-expired')).code).toBe(1);
  expect(await mayConnect()).toBe(false);
  await alone(lab, async () =>
    lab.blue.admin.query(
      `UPDATE pontoon.cutover SET decided_at = NULL WHERE migration = 'shop' AND opened_at IS NULL`,
    ),
  );
  const { stderr } = await command('broken.json', 'cutover', '--lift-expired');
  expect(stderr).toContain("'blue' is open again");
  expect(await mayConnect()).toBe(true);
});
