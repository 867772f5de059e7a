import { hostname, userInfo } from 'node:os';
import { CUTOVER_STEPS } from '../../lib/postgres';
import { waitUntil } from '../../lib/runner';
import { asSuperuser } from '../faults/walks';
import { CutoverLab, type Side } from '../runner/cutover/lab';
import { type CommandResult, pontoon } from './command-line';
import { LabDirectory } from './lab-directory';

let lab: CutoverLab;
let directory: LabDirectory;

beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  directory = await LabDirectory.of(lab);
  writeInput('cutover.json', {});
});
afterAll(async () => {
  directory.remove();
  await lab.stop();
});

function writeInput(file: string, more: object): void {
  const input = {
    plan: { ...lab.plan({ verificationMs: 5_000 }), ...more },
    connections: directory.connections,
  };
  directory.write(file, input);
}

function command(args: readonly string[], typed?: string): Promise<CommandResult> {
  return directory.command(
    [...args, '--file', 'cutover.json'],
    typed === undefined ? {} : { stdin: typed, terminal: true },
  );
}

test('status says that a cutover may begin', async () => {
  const { code, stdout, stderr } = await command(['status']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout
    .replace(/\d+ B behind/, 'N B behind')
    .trimEnd()
    .split('\n');
  expect(lines.slice(0, 8)).toEqual([
    'migration  shop',
    'phase      provisioned',
    'writer     blue',
    'clients    switched by somebody else',
    'walking    nobody',
    'forward    carrying, N B behind',
    'way back   absent',
    'gate       open: the ledger and the canary are on both servers',
  ]);
  expect(lines.slice(8).filter((line) => !line.startsWith('gate       open: '))).toEqual([]);
});

test.each(['cutover', 'rollback', 'finalize'])(
  '%s is refused where nobody can be asked',
  async (name) => {
    const refusal = (got: string) =>
      `pontoon: '--yes' must be given where nobody can be asked, got ${got}; name a '--file' or a '--state-machine' at a terminal, or say --yes once you know what 'pontoon ${name} --help' says\n`;
    expect(await command([name])).toEqual({
      code: 2,
      stdout: '',
      stderr: refusal('no terminal to ask at'),
    });
    expect(await pontoon([name], { stdin: '{}', terminal: true })).toEqual({
      code: 2,
      stdout: '',
      stderr: refusal('the cutover itself from the terminal'),
    });
  },
);

test('everything that is wrong with the input is said at once', async () => {
  const { code, stderr } = await pontoon(['cutover', '--yes'], {
    stdin: { plan: lab.plan(), connections: { blue: directory.connections.blue }, more: 1 },
  });
  expect(code).toBe(2);
  expect(stderr).toBe(
    [
      'pontoon: the cutover has 2 problems:',
      "- 'more' is not known here; remove it or correct its name",
      "- 'connections' must have 'green', which the plan names, got blue; add it",
      '',
    ].join('\n'),
  );
});

test('whoever does not agree changes nothing', async () => {
  const application = await lab.blue.session(lab.application());
  try {
    const { code, stdout, stderr } = await command(['cutover'], 'yes\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'DECLINED\n' });
    expect(stderr.replace(/(\d+) of \1 gates/, 'All gates')).toBe(
      [
        "Writers move from 'blue' to 'green'. All gates are open now; nothing begins unless all are.",
        "1. Close the old writer: applications lose CONNECT on 'blue', and their sessions end. The outage begins.",
        '2. Wait until the new writer has everything, then switch clients. What fails, or takes longer than 20.0 s, is undone.',
        '3. Open the new writer: from then on the way back is pontoon rollback.',
        "Connected to 'blue', and ended by it:",
        '  1 × app',
        'Type shop to go on: pontoon: nothing was done, since nobody agreed to it',
        '',
      ].join('\n'),
    );
    expect((await application.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await application.end();
  }
});

test('a closed gate is said, and nothing begins', async () => {
  const superuser = await lab.blue.superuser();
  try {
    const { code, stdout, stderr } = await command(['cutover', '--yes', '--json']);
    expect({ code, stdout: JSON.parse(stdout) }).toEqual({
      code: 1,
      stdout: { result: 'failed', code: 'GATES_CLOSED' },
    });
    expect(stderr).toContain('no superuser is at work on the old writer: closed');
  } finally {
    await superuser.end();
  }
});

test('whoever agrees late finds no session that has ended meanwhile', async () => {
  // Who closes a gate, so that nothing begins.
  const superuser = await lab.blue.superuser();
  const typing = async function* () {
    for (const side of [lab.blue, lab.green])
      await asSuperuser(
        side,
        `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE 'pontoon cutover%'`,
      );
    yield 'shop\n';
  };
  try {
    const args = ['cutover', '--file', 'cutover.json'];
    const { code, stdout } = await directory.command(args, { typing, terminal: true });
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'GATES_CLOSED\n' });
  } finally {
    await superuser.end();
  }
});

test('a dry run shows what each step would do, and changes nothing', async () => {
  const before = await Promise.all([lab.blue, lab.green].map(fingerprint));
  const dry = await command(['cutover', '--dry-run']);
  expect({ code: dry.code, stderr: dry.stderr }).toEqual({ code: 0, stderr: '' });
  const lines = dry.stdout.replace(/(\d+) of \1 gates/, 'all gates').split('\n');
  expect(lines.filter((line) => /^-- [\w-]+: /.test(line))).toEqual(
    CUTOVER_STEPS.filter(({ id }) => !READING.includes(id)).map(
      ({ id, title }) => `-- ${id}: ${title}`,
    ),
  );
  for (const statement of STATEMENTS) expect(lines).toContain(statement);
  // In the order of the walk, which remembers in its ledger what it is about to make, and then what it made.
  const found = PREPARED.map((start) => lines.findIndex((line) => line.startsWith(start)));
  const remembered = lines.findLastIndex((line) => line.startsWith(PREPARED[2] ?? ''));
  expect(found).toEqual(found.filter((at) => at >= 0).sort((one, other) => one - other));
  expect(remembered).toBeGreaterThan(found[3] ?? Number.POSITIVE_INFINITY);
  for (const password of [
    directory.environment.ADMIN_PASSWORD,
    directory.environment.READER_PASSWORD,
  ])
    expect(dry.stdout).not.toContain(password);
  const json = await command(['cutover', '--dry-run', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    actions: expect.arrayContaining([
      expect.objectContaining({ where: 'green', what: 'ALTER SUBSCRIPTION "forward" DISABLE' }),
    ]),
  });
  expect(await Promise.all([lab.blue, lab.green].map(fingerprint))).toEqual(before);
});

test('a dry run shows closed gates, and what can be known all the same', async () => {
  const { admin } = lab.blue;
  await admin.query('CREATE TABLE shop.late (id int PRIMARY KEY)');
  const late = await command(['cutover', '--dry-run']);
  expect({ code: late.code, stderr: late.stderr }).toEqual({ code: 1, stderr: '' });
  const lines = late.stdout.split('\n');
  expect(lines.filter((line) => line.startsWith('-- closed'))).toEqual([
    `-- closed: every selected table is replicated, there and back, got not every change of table "shop"."late" is published on 'blue' by 'forward'`,
    `-- closed: the schemas are the same on both servers, got on 'green': table shop.late is missing; replica identity shop.late is missing; column shop.late.id is missing; index shop.late_pkey is missing; constraint shop.late.late_pkey is missing`,
  ]);
  expect(lines).toEqual(expect.arrayContaining(STATEMENTS.slice(1)));
  await admin.query(
    `DROP TABLE shop.late; CREATE SCHEMA cron; CREATE TABLE cron.job (jobid int, database text, username text, active boolean);
     INSERT INTO cron.job VALUES (7, 'app', current_user, true)`,
  );
  const { code, stdout } = await command(['cutover', '--dry-run']);
  await admin.query('DROP SCHEMA cron CASCADE');
  expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([
    1,
    `-- what follows is not known, for step 'quiet': nothing may write to the fenced database on 'blue' by itself, got the job '7' of role 'dbadmin'; disable it before you try again`,
  ]);
});

/** Everything that a cutover changes. */
async function fingerprint({ admin }: Side): Promise<unknown> {
  const { rows } = await admin.query(
    `SELECT (SELECT datacl::text FROM pg_database WHERE datname = current_database()) AS access,
      (SELECT json_agg(slot_name ORDER BY slot_name) FROM pg_replication_slots) AS slots,
      (SELECT json_agg((subname, subenabled, subsynccommit) ORDER BY subname) FROM pg_subscription) AS subscriptions,
      (SELECT json_agg((kind, name, owner) ORDER BY kind, name) FROM pontoon.objects) AS objects,
      (SELECT json_agg(mark) FROM pontoon.canary) AS canary,
      (SELECT last_value FROM shop.invoice) AS invoice,
      to_regclass('pontoon.cutover') AS journal`,
  );
  return rows[0];
}

/** Steps that only read, where rows are not compared and clients are switched by somebody else. */
const READING = ['gates', 'verify', 'switch'];

const STATEMENTS = [
  '-- all gates are open; nothing was changed',
  'ALTER SUBSCRIPTION "backward" REFRESH PUBLICATION WITH (copy_data = false);',
  `SELECT pg_catalog.pg_create_logical_replication_slot('pontoon_trial_shop', 'pgoutput', true);`,
  `SELECT pg_catalog.pg_create_logical_replication_slot('pontoon_fence_shop', 'test_decoding');`,
  'REVOKE CONNECT ON DATABASE "app" FROM PUBLIC;',
  `SELECT pg_catalog.setval('"shop"."customers_id_seq"'::pg_catalog.regclass, 1, false), pg_catalog.setval('"shop"."invoice"'::pg_catalog.regclass, -1, false), pg_catalog.setval('"shop"."orders_id_seq"'::pg_catalog.regclass, 1, false);`,
  'ALTER SUBSCRIPTION "forward" DISABLE;',
  `SELECT pg_catalog.pg_create_logical_replication_slot('backward', 'pgoutput');`,
  'ALTER SUBSCRIPTION "backward" ENABLE;',
  'GRANT CONNECT ON DATABASE "app" TO PUBLIC;',
];

const PREPARED = [
  'CREATE TABLE IF NOT EXISTS pontoon.cutover',
  'UPDATE pontoon.objects SET before',
  'INSERT INTO pontoon.objects',
  'CREATE SUBSCRIPTION "backward"',
  `SELECT pg_catalog.pg_create_logical_replication_slot('pontoon_fence_shop'`,
];

test('what cannot be read is told apart from what is wrong, and nothing begins', async () => {
  // As an earlier release might have left it.
  await asSuperuser(lab.green, 'CREATE TABLE pontoon.verification (migration text)');
  writeInput('cutover.json', { skipVerification: false });
  const title = 'every selected table was compared, and is the same';
  const found = `cannot run SELECT stream, state, results FROM pontoon.verification WHERE migration = $1: the server said "column "stream" does not exist" [42703]; compare them, or look at the rows that differ`;
  const seen = await command(['status']);
  expect({ code: seen.code, stderr: seen.stderr }).toEqual({ code: 3, stderr: '' });
  expect(seen.stdout.split('\n').filter((line) => /^gate {7}(?!open: )/.test(line))).toEqual([
    `gate       UNCHECKED: ${title}, got ${found}`,
  ]);
  expect((await command(['cutover', '--dry-run'])).code).toBe(3);
  const before = await fingerprint(lab.blue);
  const walked = await command(['cutover', '--yes']);
  expect({ code: walked.code, stdout: walked.stdout }).toEqual({
    code: 3,
    stdout: 'GATES_UNCHECKED\n',
  });
  expect(walked.stderr).toBe(
    [
      'Check that a cutover would succeed …',
      "pontoon: every gate of the cutover of 'shop' must be open, got:",
      `- ${title}: unchecked, got ${found}`,
      '',
    ].join('\n'),
  );
  expect(await fingerprint(lab.blue)).toEqual(before);
  await asSuperuser(lab.green, 'DROP TABLE pontoon.verification');
  writeInput('cutover.json', {});
});

test('rows are compared, and the result is remembered', async () => {
  await lab.blue.admin.query("INSERT INTO shop.customers (name) VALUES ('Ann'), ('Bob')");
  writeInput('cutover.json', { skipVerification: false });
  const closed = await command(['status']);
  expect(closed.code).toBe(1);
  expect(closed.stdout).toContain(
    'gate       CLOSED: every selected table was compared, and is the same, got nothing compared yet; compare them, or look at the rows that differ\n',
  );
  expect(await command(['cutover', '--compare'])).toEqual({
    code: 0,
    stdout: '3 same, 0 differ, 0 unchecked\n',
    stderr: '',
  });
  expect((await command(['status'])).code).toBe(0);
  writeInput('cutover.json', {});
});

test('Ctrl-C while it waits takes everything back', async () => {
  const holder = await lab.green.session();
  await holder.query('BEGIN; LOCK TABLE pontoon.canary IN SHARE MODE');
  const walk = command(['cutover', '--yes']);
  await waitUntil({
    what: 'the walk must wait for the new writer',
    deadlineMs: 60_000,
    intervalMs: 20,
    probe: async () => {
      const { rows } = await lab.blue.admin.query(
        `SELECT to_regclass('pontoon.cutover') IS NOT NULL AND (xpath('//count/text()', query_to_xml('SELECT count(quiet_since) FROM pontoon.cutover', false, false, '')))[1]::text = '1' AS quiet`,
      );
      return rows[0].quiet ? { done: true, value: undefined } : { done: false, reason: 'no fence' };
    },
  });
  // The command's own listener only: others would end the test run.
  process.listeners('SIGINT').at(-1)?.('SIGINT');
  const { code, stdout, stderr } = await walk;
  await holder.end();
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'UNDONE\n' });
  expect(stderr.split('\n').slice(-5)).toEqual([
    'interrupted: what was done is taken back, please wait',
    'taking everything back: the cutover was interrupted',
    "  'blue' is open again",
    "pontoon: the cutover was interrupted; everything was taken back, and 'blue' works as before",
    '',
  ]);
  expect((await command(['status'])).stdout).toContain('phase      provisioned\n');
});

/** What status says once the way back is in `state`. */
async function statusOnceItIs(state: string): Promise<string> {
  return await waitUntil({
    what: `the way back must be ${state}`,
    deadlineMs: 60_000,
    probe: async () => {
      const { stdout } = await command(['status']);
      return stdout.includes(`way back   ${state}, `)
        ? { done: true, value: stdout }
        : { done: false, reason: stdout };
    },
  });
}

test('there, back, there again, and to the end', async () => {
  const there = await command(['cutover'], 'shop\n');
  expect(there).toMatchObject({
    stderr: expect.not.stringContaining('pontoon: '),
    code: 0,
    stdout: expect.stringMatching(
      /^'green' is open; nobody could write for \d+ ms\n3 of 3 tables compared behind the fence\n'blue' follows; next: pontoon rollback, or pontoon finalize\n$/,
    ),
  });
  const lines = there.stderr.split('\n');
  for (const { title } of CUTOVER_STEPS) {
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`${title} …$`)));
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${title}: done in \\d+ ms`)));
  }
  expect(lines).toContainEqual(
    expect.stringMatching(/^Open the new writer: done in \d+ ms, closed for \d+ ms$/),
  );
  const open = await command(['status']);
  expect(open.code).toBe(0);
  expect(open.stdout).toContain(
    `fence      on blue, by ${userInfo().username}@${hostname()}, stays until it is rolled back or finalized\n`,
  );
  expect(open.stdout).toMatch(/^way back {3}carrying, /m);
  expect(open.stdout).toMatch(/^next {7}pontoon rollback, or pontoon finalize$/m);
  await lab.green.admin.query('ALTER ROLE reader NOLOGIN');
  await lab.green.admin.query(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'backward'`,
  );
  expect(await statusOnceItIs('stalled')).toContain(
    "\n           'blue' does not read from 'green', whose slot keeps WAL: if the password was rotated, run pontoon cutover again, which logs in anew and moves no writer; otherwise look at the log of 'blue'\n",
  );
  await lab.green.admin.query('ALTER ROLE reader LOGIN');
  await statusOnceItIs('carrying');
  const before = await Promise.all([lab.blue, lab.green].map(fingerprint));
  const dry = await command(['rollback', '--dry-run']);
  expect({ code: dry.code, stderr: dry.stderr }).toEqual({ code: 0, stderr: '' });
  expect(await Promise.all([lab.blue, lab.green].map(fingerprint))).toEqual(before);
  const followed = `ALTER SUBSCRIPTION "forward" CONNECTION '***' /* if its secret was rotated */;`;
  expect(
    dry.stdout.split('\n').filter((line) => /CONNECT| (?:EN|DIS)ABLE;|REFRESH/.test(line)),
  ).toEqual([
    'ALTER SUBSCRIPTION "forward" ENABLE;',
    followed,
    'ALTER SUBSCRIPTION "forward" REFRESH PUBLICATION WITH (copy_data = false);',
    'ALTER SUBSCRIPTION "forward" DISABLE;',
    'REVOKE CONNECT ON DATABASE "app" FROM PUBLIC;',
    'ALTER SUBSCRIPTION "backward" DISABLE;',
    'ALTER SUBSCRIPTION "forward" ENABLE;',
    'GRANT CONNECT ON DATABASE "app" TO PUBLIC;',
    followed,
  ]);
  expect((await command(['rollback'], 'no\n')).stderr).toContain(
    '3. Open the new writer: from then on the way there again is pontoon cutover.\n',
  );
  const back = await command(['rollback', '--yes', '--json']);
  expect({ code: back.code, outcome: JSON.parse(back.stdout) }).toEqual({
    code: 0,
    outcome: {
      migration: 'shop',
      from: 'green',
      to: 'blue',
      result: 'opened',
      closedMs: expect.any(Number),
      compared: { tables: 3, of: 3 },
      steps: CUTOVER_STEPS.map(({ id }) => ({ id, tookMs: expect.any(Number) })),
    },
  });
  const rolledBack = await command(['status']);
  expect(rolledBack.code).toBe(0);
  expect(rolledBack.stdout).toMatch(/^writer {5}blue$/m);
  expect(rolledBack.stdout).toContain(
    `fence      on green, by ${userInfo().username}@${hostname()}, stays until it is cut over again, or finalized with --back\n`,
  );
  expect(rolledBack.stdout).toMatch(/^next {7}pontoon cutover, or pontoon finalize --back$/m);
  expect(await command(['rollback', '--yes'])).toMatchObject({
    code: 0,
    stdout:
      "'blue' was open already\n'green' follows; next: pontoon cutover, or pontoon finalize --back\n",
  });
  expect(await command(['finalize', '--yes'])).toEqual({
    code: 1,
    stdout: 'NOT_OPEN\n',
    stderr:
      "pontoon: the migration 'shop' must have opened 'green' before it ends with that as its writer, got 'blue' open again; finalize it in the other direction: with '--back' (\"back\": true for a state machine) after a rollback, without it otherwise\n",
  });
  expect(await command(['cutover', '--yes', '--owner', 'ann', '--budget', '20000'])).toMatchObject({
    code: 0,
  });
  expect(await command(['finalize', '--yes'])).toEqual({
    code: 1,
    stdout: 'HELD\n',
    stderr: `pontoon: the cutover of 'shop' must be gone on with by 'ann', who began it, got '${userInfo().username}@${hostname()}'; ask them, or take it over\n`,
  });
  // What the migration might have replicated with, had it been told to.
  await asSuperuser(lab.blue, 'CREATE ROLE theirs LOGIN REPLICATION');
  writeInput('cutover.json', { keep: { blue: ['reader', 'theirs'], green: ['reader'] } });
  const end = await command(['finalize', '--take-over'], 'shop\n');
  expect(end).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^dropped: subscription 'forward' on 'green'\n(?:dropped: .*\n)+rotate: the password of 'theirs' on 'blue', a login of yours that the migration replicated with\n$/,
    ),
    stderr: [
      "The migration 'shop' is 'open', and 'green' is the writer.",
      "Everything between 'blue' and 'green' is dropped: subscriptions, slots, publications, roles. 'blue' receives nothing any more.",
      "Applications can connect to 'blue' again, which nobody keeps up to date; --leave-fenced keeps them out.",
      'There is no rollback afterwards.',
      'Type shop to go on: ',
    ].join('\n'),
  });
});

test('a finalized migration has a writer, and neither gates nor advice', async () => {
  expect(await command(['status'])).toEqual({
    code: 0,
    stdout: [
      'migration  shop',
      'phase      finalized',
      'writer     green',
      'clients    switched by somebody else',
      'walking    nobody',
      'forward    absent',
      'way back   absent',
      'next       nothing: the migration has ended',
      '',
    ].join('\n'),
    stderr: '',
  });
  const refusal =
    "pontoon: the migration 'shop' must not be finalized before a cutover, got one that has ended with 'green' as its writer; deploy another migration, of another name\n";
  for (const walk of ['cutover', 'rollback']) {
    // Nobody is asked.
    const { code, stdout, stderr } = await command([walk], '');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'FINALIZED\n' });
    expect(stderr).toContain(refusal);
    const dry = await command([walk, '--dry-run']);
    expect(dry).toEqual({ code: 1, stdout: 'FINALIZED\n', stderr: refusal });
  }
});

test('of a migration that is nowhere it says so, and has no gates either', async () => {
  writeInput('cutover.json', { migration: 'other' });
  const { code, stdout } = await command(['status']);
  expect(code).toBe(1);
  expect(stdout).toBe(
    [
      'migration  other',
      'phase      absent',
      'writer     whoever lets applications in: nothing of the migration is left that says so',
      'clients    switched by somebody else',
      'walking    nobody',
      'forward    absent',
      'way back   absent',
      'next       deploy the migration, or correct its slots and subscriptions in the plan',
      '',
    ].join('\n'),
  );
  writeInput('cutover.json', {});
});

test('a migration without a way back cannot be rolled back', async () => {
  writeInput('cutover.json', { reverse: undefined });
  expect(await command(['rollback', '--yes'])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      "pontoon: 'plan.reverse' must be given for a rollback, got nothing: this migration was declared to have no way back; migrate in the other direction\n",
  });
});
