import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderUserData } from '../../../lib/aws/standby/user-data';
import { supports } from '../../../lib/postgres';
import { sampled } from '../../faults/matrix';
import { CloudStandin } from './cloud-standin';
import { Machine, makeVolume, removeVolume, waitFor } from './machine';
import { FIXED_ADDRESS, Network, PRIMARY_ADDRESS } from './network';
import { REPLICATION_ROLE, startPrimary } from './primary-machine';
import { type Distribution, obstacle, prepareTree } from './tree';

const DISTRIBUTIONS = sampled<Distribution>(
  [
    { name: 'Debian 12 with PostgreSQL 15', suite: 'bookworm', major: 15 },
    { name: 'Debian 13 with PostgreSQL 17', suite: 'trixie', major: 17 },
  ],
  ({ suite }) => suite === 'trixie',
);

// Every printable character of ASCII, ending with what a passfile escapes.
const PASSWORD = `${Array.from({ length: 94 }, (_, n) => String.fromCharCode(33 + n)).join('')}:\\:`;
const SLOTS = ['standby_one', 'standby_two', 'standby_three'];
const LOG = '/var/log/pontoon-boot.log';

const reason = obstacle();
const describeBoot = reason === undefined ? describe.each : describe.skip.each;
if (reason !== undefined) process.stderr.write(`boot script: not run, it ${reason}\n`);

/** An instance, and the way to end it for good. */
interface Instance {
  readonly machine: Machine;
  readonly terminate: () => Promise<void>;
}

// Not run here: apt.postgresql.org, the installers of the AWS CLI and of the SSM agent, systemd
// itself (a stand-in starts the units), udev, and everything of Amazon's (stand-ins).
describeBoot(DISTRIBUTIONS)('boot script on $name', (distribution) => {
  jest.setTimeout(900_000);
  let directory: string;
  const volumes: string[] = [];
  const clouds: CloudStandin[] = [];
  const instances: Instance[] = [];
  let network: Network;
  let tree: string;
  let primary: Machine;
  let caCertificate: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pontoon-boot-'));
    tree = prepareTree(distribution);
    network = new Network();
    const place = { directory, tree, namespace: network.primary, major: distribution.major };
    ({ machine: primary, caCertificate } = await startPrimary({
      ...place,
      password: PASSWORD,
      slots: SLOTS,
    }));
  });

  afterEach(async () => {
    for (const { terminate } of instances) await terminate();
  });

  afterAll(async () => {
    await primary?.powerOff();
    for (const cloud of clouds) await cloud.close();
    for (const volume of volumes) removeVolume(volume);
    network?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  function makeCloud(password = PASSWORD): CloudStandin {
    const loopDevice = makeVolume(join(directory, `volume-${volumes.length}`), 400);
    volumes.push(loopDevice);
    const secret = JSON.stringify({ username: REPLICATION_ROLE, password, host: 'ignored' });
    const holdings = { volumeId: 'vol-0123456789abcdef0', loopDevice, interfaceId: 'eni-fixed' };
    const cloud = new CloudStandin(network, holdings, secret);
    clouds.push(cloud);
    return cloud;
  }

  /** An instance, not started. */
  async function makeInstance(cloud: CloudStandin, userData: string): Promise<Instance> {
    const instanceId = `i-${instances.length}`;
    const namespace = network.addInstance();
    const machine = new Machine(join(directory, instanceId), tree, namespace);
    machine.write('/user-data', userData);
    machine.write('/etc/fstab', '');
    const guest = { instanceId, namespace, byId: join(machine.directory, 'by-id') };
    await cloud.serve(guest, join(machine.directory, 'cloud/socket'));
    const terminate = async (): Promise<void> => {
      await machine.powerOff();
      cloud.release(guest);
    };
    instances.push({ machine, terminate });
    return { machine, terminate };
  }

  interface Change {
    readonly when?: 'copy-begun';
    readonly maxRate?: string;
    readonly major?: number;
    readonly seconds?: number;
  }

  function userData(slot: string, change: Change = {}): string {
    return renderUserData({
      family: 'debian',
      parameters: {
        REGION: 'eu-central-1',
        MAJOR: String(change.major ?? distribution.major),
        PACKAGES: 'distribution',
        VOLUME_ID: 'vol-0123456789abcdef0',
        INTERFACE_ID: 'eni-fixed',
        ADDRESS: FIXED_ADDRESS,
        SOURCE_CIDRS: '192.0.2.0/24',
        PRIMARY_HOST: PRIMARY_ADDRESS,
        PRIMARY_PORT: '5432',
        PRIMARY_SSLMODE: 'verify-full',
        SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:a',
        SLOT: slot,
        LOCAL_ROLE: 'postgres',
        MAX_RATE: change.maxRate ?? '',
        SIGNAL_URL: 'http://169.254.169.254/signal?key=value&signature=a%2Fb',
        SIGNAL_WHEN: change.when ?? 'streaming',
        TIMEOUT_SECONDS: String(change.seconds ?? 300),
      },
      settings:
        'wal_level = logical\nhot_standby_feedback = on\nmax_connections = 50\nwal_retrieve_retry_interval = 500ms\n',
      hba: 'hostssl postgres all 10.77.1.1/32 scram-sha-256\n',
      primaryCa: caCertificate,
    });
  }

  const times = (machine: Machine, text: string): number =>
    machine.read(LOG).split(text).length - 1;
  const logged = (machine: Machine, text: string, count = 1): Promise<void> =>
    waitFor(`"${text}" in the log`, () => times(machine, text) >= count);

  // A server that is starting refuses the question: it does not stream yet.
  const streams = (machine: Machine): Promise<boolean> =>
    machine.sql('SELECT status FROM pg_stat_wal_receiver').then(
      (status) => status === 'streaming',
      () => false,
    );

  async function expectLive(machine: Machine, id: number): Promise<void> {
    await waitFor('the stream', () => streams(machine));
    await primary.sql(`INSERT INTO events VALUES (${id}, 'live')`);
    const count = `SELECT count(*) FROM events WHERE id = ${id}`;
    await waitFor(`row ${id}`, async () => (await machine.sql(count)) === '1');
  }

  async function makeLogicalSlot(machine: Machine): Promise<void> {
    const done = machine.sql("SELECT pg_create_logical_replication_slot('kept', 'test_decoding')");
    const pulse = setInterval(() => {
      primary.sql('SELECT pg_log_standby_snapshot()').catch(() => clearInterval(pulse));
    }, 500);
    await done.finally(() => clearInterval(pulse));
  }

  test('copies once, streams from the fixed address, and resumes', async () => {
    const cloud = makeCloud();
    const first = await makeInstance(cloud, userData('standby_one'));
    first.machine.start();
    await logged(first.machine, 'boot ends');

    expect(first.machine.read('/var/log/user-data.log')).toBe('');
    expect(cloud.signals).toEqual([
      {
        Status: 'SUCCESS',
        UniqueId: 'standby',
        Reason: `streaming from ${PRIMARY_ADDRESS}:5432`,
        Data: expect.stringMatching(
          /^-----BEGIN CERTIFICATE-----\|.*\|-----END CERTIFICATE-----\|$/,
        ),
      },
    ]);
    const pem = cloud.signals[0]?.Data.replaceAll('|', '\n') ?? '';
    expect(new X509Certificate(pem).subjectAltName).toBe(`IP Address:${FIXED_ADDRESS}`);
    const sender = 'SELECT client_addr, state, application_name FROM pg_stat_replication';
    expect(await primary.sql(sender)).toBe(`${FIXED_ADDRESS}|streaming|standby_one`);
    await expectLive(first.machine, 100_001);

    // Raised to what the primary has; the primary's own ALTER SYSTEM stays behind.
    expect(await first.machine.sql('SHOW max_connections')).toBe('137');
    expect(await first.machine.sql('SHOW max_wal_senders')).toBe('13');
    expect(await first.machine.sql('SHOW archive_command')).not.toContain('primary only');

    // Clients verify the standby by the certificate that CloudFormation was told.
    await primary.exec('mkdir', '-p', '/client');
    await primary.exec('sh', '-c', `printf '%s' "$1" >/client/b.crt`, 'sh', pem);
    const url = `host=${FIXED_ADDRESS} dbname=postgres user=nobody sslmode=verify-full sslrootcert=/client/b.crt`;
    const refused = await primary.exec('sh', '-c', 'psql -w "$1" 2>&1 || :', 'sh', url);
    expect(refused).toMatch(/no password supplied/);

    // The only file with the password is the passfile.
    const search = 'grep -rlF -e "$1" /etc /var /run /opt /root /tmp /user-data || :';
    const holders = await first.machine.exec('sh', '-c', search, 'sh', PASSWORD.slice(0, 20));
    expect(holders).toBe('/etc/pontoon/passfile');
    expect(await first.machine.exec('stat', '-c', '%U %a', holders)).toBe('postgres 600');

    const decodes = supports(distribution.major, 'standby-logical-decoding');
    if (decodes) await makeLogicalSlot(first.machine);
    const slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'kept'";

    // A reboot.
    await first.machine.powerOff();
    await primary.sql("INSERT INTO events VALUES (100002, 'while the standby was off')");
    first.machine.start();
    await logged(first.machine, 'boot ends', 2);
    await expectLive(first.machine, 100_003);

    // Another instance, started while the old one still holds the volume and the address.
    const second = await makeInstance(cloud, userData('standby_one'));
    second.machine.start();
    await logged(second.machine, 'VolumeInUse');
    await first.terminate();
    await logged(second.machine, 'boot ends');
    await expectLive(second.machine, 100_004);

    expect(times(first.machine, 'copying from')).toBe(1);
    expect(times(second.machine, 'copying from')).toBe(0);
    expect(await second.machine.sql('SELECT count(*) FROM events')).toBe('20004');
    expect(await second.machine.sql(slots)).toBe(decodes ? '1' : '0');
    expect(cloud.signals).toHaveLength(1);
  });

  test('makes an interrupted copy again, says when a copy has begun, and leaves a promoted server alone', async () => {
    // As if the primary had been made with another version of the library that orders text.
    await primary.sql("UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'template1'");
    const cloud = makeCloud();
    const change = { when: 'copy-begun', maxRate: '4096' } as const;
    const { machine } = await makeInstance(cloud, userData('standby_two', change));
    machine.start();
    await logged(machine, 'told CloudFormation: SUCCESS');
    expect(cloud.signals).toMatchObject([{ Status: 'SUCCESS', Reason: 'the copy has begun' }]);
    expect(times(machine, 'the copy is complete')).toBe(0);

    await machine.powerOff();
    machine.start();
    await logged(machine, 'boot ends');
    expect(times(machine, 'an earlier copy was interrupted; it is made again')).toBe(1);
    expect(times(machine, 'copying from')).toBe(2);
    expect(machine.read(LOG)).toMatch(
      /warning: collation versions differ \(template1: 1\.0 there, 2\.\d+ here\): text indexes can be corrupt here\n/,
    );
    expect(await machine.sql('SELECT count(*) >= 20000 FROM events')).toBe('t');
    expect(cloud.signals).toHaveLength(1);

    // A promoted server stays what it is.
    await machine.sql('SELECT pg_promote()');
    await machine.powerOff();
    machine.start();
    await logged(machine, 'this server was promoted; there is nothing to stream');
    await waitFor('the server', () =>
      machine.sql('SELECT pg_is_in_recovery()').then(
        (answer) => answer === 'f',
        () => false,
      ),
    );
    expect(times(machine, 'copying from')).toBe(2);
  });

  test('tells CloudFormation why it failed, once and without a secret', async () => {
    const wrong = `${PASSWORD}wrong`;
    const cloud = makeCloud(wrong);
    const { machine } = await makeInstance(cloud, userData('standby_three'));
    machine.start();
    await logged(machine, 'told CloudFormation: FAILURE');
    expect(cloud.signals).toEqual([
      {
        Status: 'FAILURE',
        UniqueId: 'standby',
        Reason: expect.stringMatching(
          /password authentication failed for user "Replica O'Brien"[\s\S]*failed: the base backup failed, attempt 4/,
        ),
        Data: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
      },
    ]);
    expect(JSON.stringify(cloud.signals)).not.toContain(JSON.stringify(wrong).slice(1, 40));

    // Repaired and started again by systemd, it goes on, but CloudFormation has its answer.
    cloud.secret = JSON.stringify({ username: REPLICATION_ROLE, password: PASSWORD });
    await machine.powerOff();
    machine.start();
    await logged(machine, 'boot ends');
    await waitFor('the stream', () => streams(machine));
    expect(cloud.signals).toHaveLength(1);
  });

  test('makes a copy again that the primary cut off, and takes an unheard success for no failure', async () => {
    const cloud = makeCloud();
    // As often as the boot tries.
    cloud.refusals = 4;
    const { machine } = await makeInstance(cloud, userData('standby_three', { maxRate: '4096' }));
    // A formatting that was cut off by a power failure.
    execFileSync('mkfs.ext4', ['-q', cloud.loopDevice]);
    machine.write('/var/lib/pontoon/formatting-vol-0123456789abcdef0', '');
    machine.start();
    const cut =
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_replication WHERE state = 'backup'";
    await waitFor('the copy', () =>
      machine.exec('test', '-d', '/var/lib/pgsql/pontoon/data/base').then(
        () => true,
        () => false,
      ),
    );
    await waitFor('the end of the copy', async () => (await primary.sql(cut)) !== '0');
    await logged(machine, 'the base backup failed, attempt 1; the next one in 15 seconds');
    await logged(machine, 'boot ended with status');
    expect(times(machine, 'copying from')).toBe(2);
    expect(await streams(machine)).toBe(true);
    expect([cloud.refusals, cloud.signals]).toEqual([0, []]);

    await machine.powerOff();
    machine.start();
    await logged(machine, 'boot ends');
    expect(cloud.signals).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  test('refuses a volume that holds something else', async () => {
    const cloud = makeCloud();
    execFileSync('mkfs.ext4', ['-q', '-L', 'precious', cloud.loopDevice]);
    const { machine } = await makeInstance(cloud, userData('standby_three'));
    machine.start();
    await waitFor('the signal', () => cloud.signals.length === 1);
    expect(cloud.signals[0]?.Reason).toContain(
      'failed: volume vol-0123456789abcdef0 holds something else; give it a blank volume',
    );
    expect(
      execFileSync('blkid', ['-p', '-s', 'LABEL', '-o', 'value', cloud.loopDevice], {
        encoding: 'utf8',
      }).trim(),
    ).toBe('precious');
  });

  test('says at once that packages cannot be installed, without any of them, and ends when the time is up', async () => {
    const cloud = makeCloud();
    const { machine } = await makeInstance(
      cloud,
      userData('standby_three', { major: 99, seconds: 2 }),
    );
    const refusal = 'E: Unable to locate package "postgresql-99"\\\tä';
    // Its last character is cut off in the middle.
    machine.write(
      '/usr/local/bin/apt-get',
      `#!/bin/sh\ncat >&2 <<'END'\n${refusal}\nEND\nprintf '\\303\\n' >&2\nexit 100\n`,
      0o755,
    );
    // Not executable: as if it were not installed.
    machine.write('/usr/bin/jq', '');
    machine.start();
    await waitFor('the signal', () => cloud.signals.length === 1);
    expect(cloud.signals).toEqual([
      {
        Status: 'FAILURE',
        UniqueId: 'standby',
        Reason: expect.stringContaining('E: Unable to locate package "postgresql-99"\\ ä\n\n'),
        Data: 'none',
      },
    ]);
    await logged(machine, 'the time is used up: no further attempt before a reboot or a start');
    expect(userData('standby_three')).toContain('RestartPreventExitStatus=78');
  });

  test('never writes a secret into what it reports', async () => {
    const cloud = makeCloud();
    const { machine } = await makeInstance(cloud, userData('standby_three'));
    // A tool that misbehaves: it prints the passfile.
    machine.write(
      '/usr/local/bin/openssl',
      '#!/bin/sh\ncat /etc/pontoon/passfile\nread -r _ </etc/pontoon/passfile\nsed -n "2s/^........//p" /etc/pontoon/passfile\nexit 1\n',
      0o755,
    );
    machine.start();
    await waitFor('the signal', () => cloud.signals.length === 1);
    expect(cloud.signals[0]?.Reason).toContain('boot ended with status 1');
    expect(cloud.signals[0]?.Reason).not.toContain(PASSWORD.slice(0, 10));
  });

  test('goes on after the primary was given more connections, while it ran and while it was off', async () => {
    const raise = async (connections: number): Promise<void> => {
      await primary.sql(`ALTER SYSTEM SET max_connections = ${connections}`);
      const control = [
        `/usr/lib/postgresql/${distribution.major}/bin/pg_ctl`,
        '-D',
        '/srv/a',
        '-w',
      ];
      const restart = [...control, '-m', 'fast', '-l', '/tmp/primary.log', 'restart'];
      await primary.exec('runuser', '-u', 'postgres', '--', ...restart);
    };
    const cloud = makeCloud();
    const { machine } = await makeInstance(cloud, userData('standby_three'));
    machine.start();
    await logged(machine, 'boot ends');
    expect(await machine.sql('SHOW max_connections')).toBe('137');
    const replays = (connections: number) =>
      waitFor(`${connections} connections`, () =>
        machine.sql('SHOW max_connections').then(
          (answer) => answer === String(connections),
          () => false,
        ),
      );

    await raise(150);
    await replays(150);
    await expectLive(machine, 200_001);
    expect(times(machine, 'replay is paused: the server starts anew')).toBe(1);

    await machine.powerOff();
    await raise(160);
    machine.start();
    await replays(160);
    await expectLive(machine, 200_002);
    await primary.sql('ALTER SYSTEM RESET max_connections');
  });
});
