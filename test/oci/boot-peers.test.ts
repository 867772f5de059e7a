import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootScript } from '../../lib/oci/postgres-host/files';

const EAST = '10.10.1.11';
const EAST2 = '10.10.1.12';
const WEST = '10.20.1.11';

let directory: string;
let marks: string;
let data: string;
let listener: Server;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-peers-'));
  marks = join(directory, 'marks');
  data = join(directory, 'data');
  for (const made of [marks, data]) mkdirSync(made);
});

afterEach(() => {
  listener?.close();
  rmSync(directory, { recursive: true });
});

interface Situation {
  readonly peers: readonly string[];
  /** What each says that answers: cluster, timeline, position and whether it is a standby. */
  readonly says?: Readonly<Record<string, string>>;
  readonly timeline?: number;
  /** The slot that the program gave it: none for the first primary. */
  readonly slot?: string;
  readonly port?: number;
  /** What pg_controldata says. */
  readonly state?: string;
  /** What systemd says of PostgreSQL. */
  readonly unit?: string;
  /** Whether it takes no connections. */
  readonly fenced?: boolean;
}

/** What functions of the boot script print on a machine of cluster 7000. Not run here: PostgreSQL, the others, systemd. */
function run(script: string, situation: Situation): string {
  const { peers, says = {}, timeline = 1, slot = '', port = 1 } = situation;
  const { state = 'shut down', unit = 'inactive', fenced = false } = situation;
  const parameters = join(directory, 'server.env');
  const told = { REGION: 'here', PEERS: peers.join(' '), SLOT: slot, OWN_SLOT: 'pontoon_east1' };
  writeFileSync(
    parameters,
    Object.entries({ ...told, PRIMARY_PORT: port, TIMEOUT_SECONDS: 600 })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const [functions = ''] = bootScript('red-hat').split('\nmkdir -p $STATE');
  const answers = Object.entries(says).map(([peer, said]) => `${peer}) echo '${said}' ;;`);
  const stubs = `
STATE=${directory} DATA=${data} MARKS=${marks} PASSFILE=/dev/null
pause() { echo "pauses: $1"; exit 9; }
systemctl() { if [[ $1 == is-active ]]; then echo ${unit}; else echo "systemctl $*"; fi; }
ask() { echo ${fenced ? 't' : 'f'}; }
df() { :; }
kept_log() { :; }
control() { echo "Database cluster state: ${state}"; }
own_cluster() { echo 7000; }
own_timeline() { echo ${timeline}; }
ask_peer() { case $1 in ${answers.join(' ')} *) return 2 ;; esac; }
begin_with() { echo "begins again with $1=$2"; exit 0; }
${script}`;
  const body = functions.replace(/^PARAMETERS=.*$/m, `PARAMETERS=${parameters}`);
  const { stdout, stderr } = spawnSync('bash', ['-c', `${body}\n${stubs}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

const BOOT = 'refuse_second_primary; echo serves';

function mark(name: string): void {
  writeFileSync(join(marks, name), '');
}

test('most servers are not enough: the third may have been promoted without them', () => {
  mark('followed');
  const situation = { peers: [EAST2, WEST], says: { [EAST2]: '7000 1 0/0 on' } };
  expect(run(BOOT, situation)).toMatch(/waiting: no answer from 10.20.1.11; .*pauses/s);
  mark('alone');
  expect(run(BOOT, situation)).toMatch(/warning: no answer .* from 10.20.1.11; .*serves/s);
  const promoted = { ...situation.says, [WEST]: '7000 2 0/0 off' };
  const replaced = run(BOOT, { ...situation, says: promoted });
  expect(replaced).toContain('failed: 10.20.1.11 is on timeline 2, after ours, which is 1');
  expect(replaced).not.toContain('serves');
});

test('a server that takes writes on the same timeline is told of, and refuses a boot', () => {
  const situation = { peers: [EAST], slot: 'pontoon_west1', timeline: 2 };
  const says = { [EAST]: '7000 2 0/0 off' };
  expect(run(BOOT, { ...situation, says })).toContain('failed: 10.10.1.11 takes writes on');
  const twice = 'stop_second_primary; stop_second_primary; measure';
  const running = run(twice, { ...situation, says });
  expect(running.split('10.10.1.11 takes writes on')).toHaveLength(2);
  expect(running).toContain('SecondPrimary 1 \n');
  const standby = run(`${twice}; ${BOOT}`, { ...situation, says: { [EAST]: '7000 2 0/0 on' } });
  expect(standby).toContain('SecondPrimary 0 \n');
  expect(standby).toContain('serves');
});

test('a boot stops a PostgreSQL that runs before it fails, since another server was promoted', () => {
  mark('followed');
  const says = { [EAST]: '7000 2 0/0 off' };
  const situation = { peers: [EAST, WEST], says, unit: 'active' };
  const why = 'failed: 10.10.1.11 is on timeline 2, after ours, which is 1';
  expect(run(BOOT, situation).split('\n')).toEqual([
    'systemctl stop pontoon-postgres',
    expect.stringContaining(why),
    '',
  ]);
  expect(run(BOOT, { ...situation, unit: 'inactive' })).not.toContain('systemctl stop');
  expect(run('refuse_start; echo serves', situation)).toMatch(/^\S+ failed: /);
});

test('a fenced primary that was replaced is stopped too, a minute after that was seen', () => {
  const situation = { peers: [EAST], says: { [EAST]: '7000 2 0/0 off' }, fenced: true };
  const once = 'stop_second_primary; echo runs';
  expect(run(once, situation)).toBe('runs\n');
  expect(run(`${once}; ${once}`, situation)).toMatch(
    /^runs\nsystemctl stop pontoon-postgres\n\S+ failed: 10.10.1.11 is on timeline 2, after ours, which is 1: .*\n$/,
  );
  const beside = { ...situation, says: { [EAST]: '7000 1 0/0 off' } };
  expect(run(`${once}; ${once}; measure`, beside)).toMatch(
    /^runs\nruns\n(?!.*warning).*SecondPrimary 0/s,
  );
});

test('beside one on the same timeline it leaves alone a PostgreSQL that runs, and starts none', () => {
  mark('followed');
  const situation = { peers: [EAST], says: { [EAST]: '7000 1 0/0 off' }, unit: 'active' };
  expect(run(BOOT, situation)).toBe('serves\n');
  const why = "failed: 10.10.1.11 takes writes on this server's timeline";
  expect(run(BOOT, { ...situation, unit: 'inactive' })).toContain(why);
  expect(run('refuse_start; echo serves', situation)).toContain(why);
});

test.each([
  ['inactive', 'looks again'],
  ['activating', 'looks again'],
  ['failed', 'failed: PostgreSQL does not run, and is not started any more'],
])(
  'the boot begins again once systemd gave up, and leaves alone who stopped the server: %s',
  (unit, said) => {
    const [, loop = ''] = bootScript('red-hat').split('\nwhile sleep 60; do');
    const stubs = `
sleep() { [[ \${TURN-} == '' ]] && TURN=1; }
systemctl() { echo ${unit}; return 3; }
note_quorum() { :; }
METRICS_COMPARTMENT_ID=''
while sleep 60; do${loop}
echo 'looks again'`;
    const output = run(stubs, { peers: [] });
    expect(output).toContain(said);
    expect(output.includes('looks again')).toBe(unit !== 'failed');
  },
);

test('a server with other data never stops a running primary', () => {
  const situation = {
    peers: [EAST, EAST2],
    slot: 'pontoon_west1',
    timeline: 2,
    says: { [EAST]: '9999 5 0/0 off', [EAST2]: '7000 2 0/0 on' },
  };
  const running = run('stop_second_primary; echo serves', situation);
  expect(running).toMatch(/warning: .* there is other data: 10.10.1.11; .*\nserves/);
  expect(running).not.toMatch(/systemctl|blank/);
  expect(run(BOOT, situation)).toContain('with the data of another cluster, as from 10.10.1.11');
});

test('systemd does not start the server of a primary that was replaced, nor half of a copy', () => {
  mark('followed');
  const start = 'refuse_start; echo serves';
  const peers = [WEST];
  expect(run(start, { peers })).toBe('serves\n');
  const says = { [WEST]: '7000 2 0/0 off' };
  expect(run(start, { peers, says })).toContain('failed: 10.20.1.11 is on timeline 2');
  expect(run(start, { peers, state: 'in archive recovery' })).toContain('was copied or rewound');
  writeFileSync(join(data, 'standby.signal'), '');
  expect(run(start, { peers, says, state: 'in archive recovery' })).toBe('serves\n');
  mark('rejoining');
  expect(run(start, { peers })).toContain('did not end; run that of --fresh-copy');
});

test('an empty cluster begins only where nobody can have the data', async () => {
  const join = 'join_cluster; echo initialises';
  const peers = ['127.0.0.1'];
  expect(run(join, { peers, says: { '127.0.0.1': '7000 2 0/0 on' } })).toContain(
    'begins again with SLOT=pontoon_east1',
  );
  listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as { port: number };
  expect(run(join, { peers, port })).toMatch(/127.0.0.1 has a server .*pauses/s);
  await new Promise((resolve) => listener.close(resolve));
  expect(run(join, { peers, port })).toBe('initialises\n');
  const kept = `kept_log() { echo shop/0001; }; ${join}`;
  expect(run(kept, { peers, port })).toMatch(/the archive has log of it: shop.0001; .*pauses/s);
  const silent = `knock() { return 124; }; ${join}`;
  expect(run(silent, { peers, port })).toMatch(/127.0.0.1 cannot be reached; .*pauses/s);
  mark('new');
  expect(run(silent, { peers, port })).toBe('initialises\n');
});
