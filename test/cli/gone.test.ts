import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  asSuperuser,
  back,
  failureOf,
  goOn,
  killedAt,
  nobodyWalks,
  OWNER,
  walkWith,
} from '../faults/walks';
import { CutoverLab, type Side } from '../runner/cutover/lab';
import { whetherAppWrites } from './app-writes';
import type { CommandResult } from './command-line';
import { LabDirectory } from './lab-directory';

// How a migration ends of which a writer is lost for ever.

let lab: CutoverLab;
let directory: LabDirectory;

beforeEach(async () => {
  lab = await CutoverLab.start([17, 17]);
  directory = await LabDirectory.of(lab);
  const active = join(directory.path, 'active');
  writeFileSync(active, 'blue');
  directory.write('cutover.json', {
    ...input(),
    endpoint: {
      kind: 'command',
      sides: { blue: 'blue', green: 'green' },
      active: ['cat', active],
      activate: ['sh', '-c', `printf %s "$1" > '${active}'`, 'sh', '{side}'],
    },
  });
});
afterEach(async () => {
  directory.remove();
  await lab.stop();
});

// The deadline passes when a test says so.
const plan = () => lab.plan({ budgetMs: 600_000 });
const input = () => ({ plan: plan(), connections: directory.connections });

async function finalize(...more: string[]): Promise<CommandResult> {
  return await finalizeAs(OWNER, ...more);
}

async function finalizeAs(owner: string, ...more: string[]): Promise<CommandResult> {
  const args = ['finalize', '--yes', '--owner', owner, '--file', 'cutover.json', ...more];
  return await directory.command(args);
}

/** What is said to an operator who then does not agree. */
async function asked(...more: string[]): Promise<readonly string[]> {
  async function* typing(): AsyncIterable<string> {
    yield 'no\n';
  }
  const args = ['finalize', '--file', 'cutover.json', ...more];
  const { stderr } = await directory.command(args, { typing, terminal: true });
  return stderr.split('\n');
}

const refusal = (message: string): CommandResult => ({
  code: 1,
  stdout: `${message.slice(0, message.indexOf(':'))}\n`,
  stderr: `pontoon: ${message.slice(message.indexOf(':') + 2)}\n`,
});

const wrong = (message: string): CommandResult => ({
  code: 2,
  stdout: '',
  stderr: `pontoon: ${message}\n`,
});

/** What of the migration is on a server, but for what its ledger remembers to have gone. */
async function whatIsLeft(side: Side): Promise<unknown> {
  const [found] = await asSuperuser(
    side,
    `SELECT (SELECT array_agg(slot_name::text) FROM pg_replication_slots) AS slots,
            (SELECT array_agg(subname::text) FROM pg_subscription) AS subscriptions,
            (SELECT array_agg(pubname::text) FROM pg_publication) AS publications,
            (SELECT array_agg(rolname::text) FROM pg_roles WHERE rolname = 'reader') AS roles,
            (SELECT array_agg(kind || ' ' || name) FROM pontoon.objects WHERE before ->> 'retired' IS NULL) AS objects,
            (SELECT array_agg(owner) FROM pontoon.owners WHERE owner <> 'stack') AS owners,
            to_regclass('pontoon.canary') AS canary,
            (SELECT count(*)::int FROM pontoon.cutover) AS fences`,
  );
  return found;
}

const NOTHING = {
  slots: null,
  subscriptions: null,
  publications: null,
  roles: null,
  objects: null,
  owners: null,
  canary: null,
  fences: 0,
};

const writes = (side: Side): Promise<string> => whetherAppWrites(lab, side);

const led = (): string => readFileSync(join(directory.path, 'active'), 'utf8');
const left = (...what: string[]): string =>
  what
    .map(
      (one) =>
        `left: ${one}, should its disk come back: drop it there, and never let applications in on that server again\n`,
    )
    .join('');
const dropped = (...what: string[]): string => what.map((one) => `dropped: ${one}\n`).join('');

const ON_BLUE = [
  `slot 'forward' on 'blue'`,
  `publication 'forward' on 'blue'`,
  `subscription 'backward' on 'blue'`,
  `canary 'canary' on 'blue'`,
  `role 'reader' on 'blue'`,
];
const LEFT_ON_GREEN = left(
  `subscription 'forward' on 'green'`,
  `slot 'backward' on 'green'`,
  `publication 'backward' on 'green'`,
  `role 'reader' on 'green'`,
);

test('who answers is not gone', async () => {
  expect(await finalize('--gone', 'blue')).toEqual(
    refusal(
      `NOT_GONE: server 'blue' must be gone for good before the migration 'shop' ends without it, got its answer "password authentication failed for user "pontoon""; finalize without '--gone blue', or correct its connection if something else has its address by now, or only stands before it`,
    ),
  );
  expect(await finalize('--gone', 'red')).toEqual(
    wrong(`'gone' must name servers of the plan, got 'red'; name 'blue', 'green'`),
  );
  expect(await finalize('--gone', 'green', '--gone', 'blue')).toEqual(
    wrong(
      `'gone' must leave the migration 'shop' one of its writers, got 'blue' and 'green'; forget it: nothing is left of it that could be dropped`,
    ),
  );
  expect(await finalize('--gone', 'blue', '--leave-fenced')).toEqual(
    wrong(
      `'leaveFenced' cannot be given where a writer is gone, got 'blue' gone; leave it out: there is no old writer to be kept closed`,
    ),
  );
});

test('who refuses a login is not said to be gone', async () => {
  const { blue, ...others } = directory.connections;
  const connections = { ...others, blue: { ...blue, database: 'nowhere' } };
  directory.write('cutover.json', { ...input(), connections });
  expect(await finalize()).toEqual(
    refusal(
      `CONNECT_FAILED: server "blue" (${blue.host}:${blue.port}, database "nowhere") must let "dbadmin" in for cutover shop, got 3D000 database "nowhere" does not exist; correct the database’s name, or create it`,
    ),
  );
});

test('an old writer that is lost behind an opening keeps nothing on the new one', async () => {
  await goOn(lab, plan());
  await lab.blue.server.kill();
  expect((await finalize()).stderr).toMatch(
    /; start the server, or correct host and port; if it never comes back, name it by '--gone', see 'pontoon finalize --help'\n$/,
  );
  const { host, port } = directory.connections.blue;
  expect(await asked('--gone', 'blue')).toEqual([
    "You say that 'blue' never comes back. The migration 'shop' ends without, and with 'green' as its writer.",
    expect.stringMatching(
      new RegExp(
        `^Nobody answers at 'blue' \\(${host}:${port}\\): connect ECONNREFUSED [^ ]+:${port}(, connect ECONNREFUSED [^ ]+:${port})?\\.$`,
      ),
    ),
    'What was written on a server that is gone, and did not travel, is lost.',
    "Everything between 'blue' and 'green' is dropped on what answers: subscriptions, slots, publications, roles.",
    'There is no rollback afterwards, and a server that is gone must never serve applications again.',
    'Type shop to go on: pontoon: nothing was done, since nobody agreed to it',
    '',
  ]);
  expect(await finalize('--gone', 'blue')).toEqual({
    code: 0,
    stdout:
      dropped(
        `subscription 'forward' on 'green'`,
        `slot 'backward' on 'green'`,
        `publication 'backward' on 'green'`,
        `connection-guard 'connection-guard' on 'green'`,
        `canary 'canary' on 'green'`,
        `role 'reader' on 'green'`,
      ) +
      left(
        `slot 'forward' on 'blue'`,
        `publication 'forward' on 'blue'`,
        `subscription 'backward' on 'blue'`,
        `slot 'pontoon_fence_shop' on 'blue'`,
        `role 'reader' on 'blue'`,
      ),
    stderr: '',
  });
  expect([await whatIsLeft(lab.green), await writes(lab.green), led()]).toEqual([
    NOTHING,
    'written',
    'green',
  ]);
  expect((await finalize('--gone', 'blue')).stdout).toContain(
    "the migration 'shop' was finalized before: nothing is left to drop\n",
  );
});

test('an old writer that is lost before any opening leaves no other one by itself', async () => {
  await killedAt(lab, plan(), { step: 'sequences', edge: 'before' });
  await lab.blue.server.kill();
  expect(await finalize('--gone', 'blue')).toEqual(
    refusal(
      `NOT_OPEN: the migration 'shop' must have opened 'green' before it ends with that as its writer, got its connection guard, which keeps applications out; bring 'blue' back, or, once it is decided that what it did not send is lost, move the sequences on 'green' ahead, let a login in there by GRANT CONNECT, and run it again`,
    ),
  );
  expect(await whatIsLeft(lab.green)).toMatchObject({ subscriptions: ['forward'] });
  await lab.green.admin.query('GRANT CONNECT ON DATABASE app TO app');
  expect(await finalize('--gone', 'blue')).toMatchObject({ code: 0, stderr: '' });
  expect([await whatIsLeft(lab.green), await writes(lab.green), led()]).toEqual([
    NOTHING,
    'written',
    'green',
  ]);
});

test('an old writer that is lost during a rollback to it is ended in that direction', async () => {
  await goOn(lab, plan());
  await killedAt(lab, back(plan()), { step: 'sequences', edge: 'before' });
  await nobodyWalks(lab);
  await lab.blue.server.kill();
  expect(await finalize('--gone', 'blue')).toEqual(
    refusal(
      `NOT_OPEN: the migration 'shop' must have opened 'green' before it ends with that as its writer, got a fence on 'green' of a walk to 'blue' by 'test'; finalize it in the other direction: with '--back' ("back": true for a state machine) after a rollback, without it otherwise`,
    ),
  );
  expect(await writes(lab.green)).toBe('permission denied for database "app"');
  expect(await finalize('--gone', 'blue', '--back')).toMatchObject({ code: 0, stderr: '' });
  expect([await whatIsLeft(lab.green), await writes(lab.green), led()]).toEqual([
    NOTHING,
    'written',
    'green',
  ]);
});

test('a new writer that is lost during a walk keeps nothing on the old one', async () => {
  const cut = walkWith(lab, plan(), { step: 'catch-up', edge: 'before' }, () =>
    lab.green.server.kill(),
  );
  expect(await failureOf(cut)).toMatch(/^CUT_OFF: /);
  expect(await whatIsLeft(lab.blue)).toMatchObject({ slots: ['forward'], fences: 1 });
  expect(await finalize('--gone', 'green')).toEqual({
    code: 0,
    // The walk itself took back the way back, as far as blue has it.
    stdout: dropped(...ON_BLUE.filter((what) => !what.startsWith('subscription'))) + LEFT_ON_GREEN,
    stderr: '',
  });
  expect([await whatIsLeft(lab.blue), await writes(lab.blue)]).toEqual([NOTHING, 'written']);
});

test('nor does one that is lost behind a fence whose runner died too', async () => {
  await killedAt(lab, plan(), { step: 'sequences', edge: 'before' });
  await nobodyWalks(lab);
  await lab.green.server.kill();
  // As a walk does that dies just before it decides.
  writeFileSync(join(directory.path, 'active'), 'green');
  expect(await finalizeAs('other', '--gone', 'green')).toEqual(
    refusal(
      `HELD: the cutover of 'shop' must be gone on with by 'test', who began it, got 'other'; ask them, or take it over`,
    ),
  );
  expect(await writes(lab.blue)).toBe('permission denied for database "app"');
  expect(await finalize('--gone', 'green')).toEqual({
    code: 0,
    stdout: dropped(`fence on 'blue'`, ...ON_BLUE) + LEFT_ON_GREEN,
    stderr: '',
  });
  expect([await whatIsLeft(lab.blue), await writes(lab.blue), led()]).toEqual([
    NOTHING,
    'written',
    'blue',
  ]);
  expect((await finalize('--gone', 'green')).stdout).toContain(
    "the migration 'shop' was finalized before: nothing is left to drop\n",
  );
});

test('what a new writer took alone is not given up by a command', async () => {
  await goOn(lab, plan());
  await lab.green.server.kill();
  const lost = (opened: string) =>
    refusal(
      `WRITES_LOST: the migration 'shop' cannot end with 'blue' as its writer and without what was written on 'green', got a fence on 'blue' behind which 'green' ${opened}; bring 'green' back, or see WRITES_LOST in 'pontoon runbook' before anything is lifted by hand`,
    );
  expect(await finalize('--gone', 'green')).toEqual(lost('was opened'));
  await lab.blue.admin.query('UPDATE pontoon.cutover SET opened_at = NULL');
  expect(await finalize('--gone', 'green')).toEqual(lost('was to be opened, and may be open'));
  expect(await writes(lab.blue)).toBe('permission denied for database "app"');
  // As the runbook says.
  await lab.blue.admin.query(
    `UPDATE pontoon.cutover SET decided_at = NULL, opened_at = NULL WHERE migration = 'shop'`,
  );
  expect(await finalize('--gone', 'green')).toMatchObject({ code: 0, stderr: '' });
  expect([await whatIsLeft(lab.blue), await writes(lab.blue), led()]).toEqual([
    NOTHING,
    'written',
    'blue',
  ]);
});
